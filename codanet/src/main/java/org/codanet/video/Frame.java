package org.codanet.video;

import java.awt.image.BufferedImage;

/**
 * A frame of a video.
 *
 * @param picture in RGB
 * @param seconds how long it is shown
 */
public record Frame(BufferedImage picture, double seconds) {}

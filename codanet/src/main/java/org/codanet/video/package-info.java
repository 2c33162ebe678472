/**
 * Explains videos frame by frame. Frames are read, explained and written one after the other, so that memory does not grow with the length
 * of a video. GIF files need nothing but the JDK; other videos are decoded and encoded by the program {@code ffmpeg} in another process. Read
 * {@link org.codanet.video.VideoExplanation} first.
 */
package org.codanet.video;

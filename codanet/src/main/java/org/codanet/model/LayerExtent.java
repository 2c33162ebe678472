package org.codanet.model;

/**
 * The extents of a layer's output for one image.
 *
 * @param channels channels, C
 * @param height rows, H
 * @param width columns, W
 */
public record LayerExtent(int channels, int height, int width) {}

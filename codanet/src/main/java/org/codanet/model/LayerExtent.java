package org.codanet.model;

/**
 * The extents of one image between layers.
 *
 * @param channels channels, C
 * @param height rows, H
 * @param width columns, W
 */
public record LayerExtent(int channels, int height, int width) {}

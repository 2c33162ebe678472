/**
 * Metrics of explanations: how much of a map lies where the evidence is ({@link org.codanet.metrics.Grid}), and how the probability
 * falls when pixels are removed in the order of a map ({@link org.codanet.metrics.PixelRemoval}).
 *
 * <p>Everything here works on arrays and knows no network and no device. Each metric comes in two protocols, a corrected one and the
 * one of the paper's published code, reproduced to the index: read {@link org.codanet.metrics.Protocol} first. Source of both metrics:
 * Böhle, Fritz, Schiele, CVPR 2021, section 4.2.
 */
package org.codanet.metrics;

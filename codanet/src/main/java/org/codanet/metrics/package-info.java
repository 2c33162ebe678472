/**
 * Metrics of explanations: how much of a map lies in the cell of the explained class ({@link org.codanet.metrics.Grid}), and how the
 * probability falls when pixels are removed in the order of a map ({@link org.codanet.metrics.PixelRemoval}).
 *
 * <p>All code of this package works on arrays and does not depend on a network or a device. Each metric has two protocols: a corrected one,
 * and the one of the paper's published code, reproduced index by index: read {@link org.codanet.metrics.Protocol} first. Source of both
 * metrics: Böhle, Fritz, Schiele, CVPR 2021, section 4.2.
 */
package org.codanet.metrics;

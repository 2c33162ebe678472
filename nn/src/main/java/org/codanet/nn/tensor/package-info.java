/**
 * Extents, values and who owns them. Read {@link org.codanet.nn.tensor.Tensor} first. Where the values live is a
 * {@link org.codanet.nn.device.Device}'s business; nothing here knows one.
 */
package org.codanet.nn.tensor;

/**
 * Tensors, their shapes, and the scopes that own them. Read {@link org.codanet.nn.tensor.Tensor} first, then {@link
 * org.codanet.nn.tensor.Scope}.
 *
 * <p>Nothing here allocates memory or computes: that is done by a {@code Device} of the package {@code org.codanet.nn.device}, which
 * this package does not know.
 */
package org.codanet.nn.tensor;

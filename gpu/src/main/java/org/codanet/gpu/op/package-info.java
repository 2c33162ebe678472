/**
 * The operations of the CUDA device: one class, and where it has a kernel one {@code .cu} file, for each of
 * {@code org.codanet.nn.op}. What they share is in {@link org.codanet.gpu.op.CudaResources}.
 */
package org.codanet.gpu.op;

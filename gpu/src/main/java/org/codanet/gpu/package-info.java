/**
 * The CUDA device: {@link org.codanet.gpu.CudaDevice} is to a GPU what the CPU device is to the processor. Its operations are
 * in {@code op}, its kernels' compilation in {@code kernel}, its handles in {@code driver}.
 */
package org.codanet.gpu;

/**
 * The device {@code cuda}: one NVIDIA GPU. {@link org.codanet.gpu.CudaDevice} implements the device interface; read it first. The
 * operations are in {@code op}, the compilation and launch of kernels in {@code kernel}, cuBLAS and cuDNN in {@code library}, handles
 * and device memory in {@code driver}.
 */
package org.codanet.gpu;

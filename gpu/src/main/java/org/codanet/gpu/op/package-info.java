/**
 * The operations of the CUDA device. Each operation of {@code org.codanet.nn.op} has one class here and, if it has kernels, one
 * {@code .cu} file. They share {@link org.codanet.gpu.op.CudaResources}. Read {@link org.codanet.gpu.op.CudaSumPool} first, the
 * simplest, then {@link org.codanet.gpu.op.CudaResources}.
 */
package org.codanet.gpu.op;

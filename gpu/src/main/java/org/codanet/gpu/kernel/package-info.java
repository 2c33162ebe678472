/**
 * Compilation and launch of CUDA kernels. {@link org.codanet.gpu.kernel.KernelSource} is the text of a source file, {@link
 * org.codanet.gpu.kernel.KernelCompiler} compiles and loads it, and {@link org.codanet.gpu.kernel.Kernel} launches one of its kernels
 * with checked arguments. Read them in this order.
 */
package org.codanet.gpu.kernel;

/**
 * Kernels: {@link org.codanet.gpu.kernel.KernelSource} is the text of one, {@link org.codanet.gpu.kernel.KernelCompiler} compiles
 * and loads it, {@link org.codanet.gpu.kernel.Kernel} launches it with checked arguments. Read them in this order.
 */
package org.codanet.gpu.kernel;

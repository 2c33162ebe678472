/**
 * The CPU device. Read {@link org.codanet.nn.cpu.CpuDevice} first, then {@link org.codanet.nn.cpu.alignment.CpuDynamicAlignment}, the
 * operation that it is built for.
 *
 * <p>Tensors are native memory, but the kernels work on heap arrays that fit the caches. The data are copied in bulk between the two,
 * because the JIT compiler reliably compiles vector code on arrays to the peak speed of the machine, and not always on memory segments.
 *
 * <p>Here are the device, its provider and what they measure of the machine. Memory, tensors and threads are in {@code cpu.runtime}, inner
 * loops in {@code cpu.kernel}, operations in {@code cpu.op} and {@code cpu.alignment}, and oneDNN in {@code cpu.dnnl}.
 */
package org.codanet.nn.cpu;

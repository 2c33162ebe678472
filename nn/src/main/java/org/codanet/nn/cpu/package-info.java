/**
 * The CPU device. Read {@link org.codanet.nn.cpu.CpuDevice} first, then {@link org.codanet.nn.cpu.alignment.CpuDynamicAlignment}, the
 * operation that it is built for.
 *
 * <p>Tensors are in native memory, but the kernels work on heap arrays that fit in the caches. Data is copied in bulk between the two.
 * The reason is the JIT compiler: vector code on arrays reliably reaches the peak speed of the machine, but vector code on memory
 * segments does not always.
 *
 * <p>This package has the device, its provider, and the measurement of the machine's peak speed. Memory, tensors and threads are in
 * {@code cpu.runtime}, inner loops in {@code cpu.kernel}, operations in {@code cpu.op} and {@code cpu.alignment}, and oneDNN in {@code
 * cpu.dnnl}.
 */
package org.codanet.nn.cpu;

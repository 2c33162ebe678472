/**
 * The CPU device. Read {@link org.codanet.nn.cpu.CpuDevice} first, then {@link org.codanet.nn.cpu.alignment.CpuDynamicAlignment},
 * which is why this package exists.
 *
 * <p>Tensors are native memory; the kernels work on heap arrays that fit the caches and are filled and emptied by bulk
 * copies, because C2 compiles vector code over arrays to the machine's peak and does not always do so over segments.
 */
package org.codanet.nn.cpu;

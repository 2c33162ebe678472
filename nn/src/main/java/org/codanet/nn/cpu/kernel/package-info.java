/**
 * The inner loops of the CPU device, on heap arrays and without knowledge of tensors. Read {@link org.codanet.nn.cpu.kernel.Kernels}
 * first. {@link org.codanet.nn.cpu.kernel.KernelSelection} decides between the Vector API and plain loops.
 *
 * <p>The loops in bfloat16 are in {@code kernel.bf16}, and batches of products in either precision in {@code kernel.product}. The
 * packages {@code cpu.op} and {@code cpu.alignment} combine the loops into operations and split the work among threads.
 */
package org.codanet.nn.cpu.kernel;

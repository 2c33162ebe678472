/**
 * The operations of the CPU device except dynamic alignment. Read {@link org.codanet.nn.cpu.op.CpuSumPool} first, as an example of
 * how an operation splits its work into tasks. Inner loops are in {@code cpu.kernel}, the calls of oneDNN in {@code cpu.dnnl}.
 */
package org.codanet.nn.cpu.op;

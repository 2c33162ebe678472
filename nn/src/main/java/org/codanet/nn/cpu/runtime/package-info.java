/**
 * What every operation of the CPU device uses: memory, tensors and worker threads. Read {@link
 * org.codanet.nn.cpu.runtime.CpuContext} first, which brings them together. Nothing here computes.
 */
package org.codanet.nn.cpu.runtime;

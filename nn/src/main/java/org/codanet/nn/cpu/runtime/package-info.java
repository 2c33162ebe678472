/**
 * Memory, tensors and worker threads, which every operation of the CPU device uses. Read {@link org.codanet.nn.cpu.runtime.CpuContext}
 * first, which brings them together. Nothing here computes.
 */
package org.codanet.nn.cpu.runtime;

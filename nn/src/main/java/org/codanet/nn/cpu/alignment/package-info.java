/** Dynamic alignment on the CPU device. Start with {@link org.codanet.nn.cpu.alignment.CpuDynamicAlignment}. */
package org.codanet.nn.cpu.alignment;

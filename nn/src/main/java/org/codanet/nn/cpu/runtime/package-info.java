/** What every operation of the CPU device uses: native memory, tensors and worker threads. */
package org.codanet.nn.cpu.runtime;

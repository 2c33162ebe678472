/** The inner loops in bfloat16, assembled as machine code for processors with avx512_bf16. */
package org.codanet.nn.cpu.kernel.bf16;

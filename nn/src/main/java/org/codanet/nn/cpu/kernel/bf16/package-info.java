/**
 * Inner loops in bfloat16 as machine code, because Java cannot express the instructions. Read {@link
 * org.codanet.nn.cpu.kernel.bf16.Bfloat16Code} first: the rest of the CPU device calls only its methods. Nothing else in the project
 * generates machine code.
 */
package org.codanet.nn.cpu.kernel.bf16;

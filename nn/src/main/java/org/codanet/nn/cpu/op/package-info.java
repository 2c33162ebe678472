/** The operations of the CPU device except dynamic alignment. */
package org.codanet.nn.cpu.op;

/** Convolutions by oneDNN. */
package org.codanet.nn.cpu.dnnl;

/**
 * oneDNN: engine, handles and the plans of ordinary convolutions. Read {@link org.codanet.nn.cpu.dnnl.DnnlConvolution} first. Only this
 * package calls the generated bindings of oneDNN. Everything else on the CPU device runs without it.
 */
package org.codanet.nn.cpu.dnnl;

/**
 * Export to ONNX: a trained network and its explanation as one graph of standard operators, for ONNX Runtime and other runtimes. Read
 * {@link org.codanet.onnx.OnnxExport} first, then {@code AlignmentNodes}.
 *
 * <p>ONNX files are protocol buffers. This package writes them with {@code ProtoWriter}, which has about 60 lines. The alternative was
 * {@code protobuf-java}: it would add a library of 2 MB to every installation and generated classes of the ONNX schema to the
 * sources, in order to write eight small messages whose field numbers never change.
 */
package org.codanet.onnx;

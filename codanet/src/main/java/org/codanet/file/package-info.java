/**
 * Reading and writing of files that hold arrays of numbers: safetensors, PyTorch checkpoints and NumPy arrays.
 *
 * <p>All input is validated before it is used, and no code in a file is ever executed. This package does not interpret what a file
 * means, such as a network or a golden vector; see {@code org.codanet.model}. Start with {@link org.codanet.file.NamedTensors}.
 */
package org.codanet.file;

/**
 * Files that hold named arrays of numbers: safetensors, PyTorch checkpoints and NumPy arrays, read and written here.
 *
 * <p>Everything read is checked before it is believed, and nothing read is executed. What a file means (a network, a
 * golden vector) is decided elsewhere: see {@code org.codanet.model}. Start with {@link org.codanet.file.NamedTensors}.
 */
package org.codanet.file;

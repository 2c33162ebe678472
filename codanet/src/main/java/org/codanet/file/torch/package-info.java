/** Reading of PyTorch checkpoints without running any code in them, and writing of weights for PyTorch. */
package org.codanet.file.torch;

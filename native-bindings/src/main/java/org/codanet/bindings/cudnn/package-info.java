/**
 * cuDNN, convolutions: the functions and constants that codanet uses, made by jextract from the headers of cuDNN
 * 9.19. Call {@link org.codanet.bindings.CudaLibraries#cudnn()} first; constants may be read without.
 */
package org.codanet.bindings.cudnn;

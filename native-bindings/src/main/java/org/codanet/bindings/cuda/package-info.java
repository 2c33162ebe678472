/**
 * The CUDA driver API: the functions and constants that codanet uses, made by jextract from the headers of CUDA
 * 13.0. Call {@link org.codanet.bindings.CudaLibraries#driver()} first; constants may be read without.
 */
package org.codanet.bindings.cuda;

/**
 * cuBLAS, matrix products: the functions and constants that codanet uses, made by jextract from the headers of
 * cuBLAS 13.1. Call {@link org.codanet.bindings.CudaLibraries#cublas()} first; constants may be read without.
 */
package org.codanet.bindings.cublas;

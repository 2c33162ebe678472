/**
 * NVRTC, which compiles CUDA C++ to machine code: the functions and constants that codanet uses, made by jextract
 * from the headers of CUDA 13.0. Call {@link org.codanet.bindings.CudaLibraries#nvrtc()} first; constants may be
 * read without.
 */
package org.codanet.bindings.nvrtc;

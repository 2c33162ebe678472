/**
 * Finding and loading native libraries.
 *
 * <p>Start with {@link org.codanet.bindings.OneDnn} and {@link org.codanet.bindings.CudaLibraries}: one explicit call
 * finds a library, proves that it has every function bound here, and loads it. Nothing is loaded by a static
 * initialiser. The packages beside this one hold the functions themselves, made by jextract from the libraries'
 * headers; they may be called once the library is loaded.
 */
package org.codanet.bindings;

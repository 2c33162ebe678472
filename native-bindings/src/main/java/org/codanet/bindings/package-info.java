/**
 * Finds and loads native libraries. Read {@link org.codanet.bindings.OneDnn} first, then {@link org.codanet.bindings.CudaLibraries}.
 *
 * <p>One explicit call finds a library, checks that it has every function that the bindings use, and loads it. No static initialiser
 * loads anything. The packages below this one contain the functions. jextract generates them from the libraries' headers, and they can be
 * called once the library is loaded.
 */
package org.codanet.bindings;

/**
 * The functions and constants of oneDNN, made by jextract from the headers of oneDNN 3.13. Call
 * {@link org.codanet.bindings.OneDnn#load()} first; constants may be read without.
 */
package org.codanet.bindings.dnnl;

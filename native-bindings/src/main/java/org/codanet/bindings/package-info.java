/** The loader of native libraries. */
package org.codanet.bindings;

/** Decoding of image files. */
package org.codanet.data.decode;

/** The pixels of one image in memory. */
package org.codanet.data.image;

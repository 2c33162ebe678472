/** Batches of images, read by background threads. */
package org.codanet.data.batch;

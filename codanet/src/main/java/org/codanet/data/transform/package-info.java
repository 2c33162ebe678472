/** Cropping, flipping, resizing and augmentation of images. */
package org.codanet.data.transform;

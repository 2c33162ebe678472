/**
 * Images to classify or explain, as users name them: picture files, folders of pictures, or one NumPy array. They come out in
 * chunks, with the channels and extents that a given network reads. Labelled datasets are in {@code org.codanet.data}. Read {@link
 * org.codanet.input.ImageInput} first.
 */
package org.codanet.input;

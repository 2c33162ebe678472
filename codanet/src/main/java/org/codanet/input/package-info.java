/**
 * Images to classify or explain: picture files, folders of pictures, one NumPy array, or AWT images. Pictures are resized and cropped
 * to the extents that a network reads. Labelled datasets are in {@code org.codanet.data}. Read {@link org.codanet.input.ImageInput}
 * first, then {@link org.codanet.input.PicturePreparation}.
 */
package org.codanet.input;

/**
 * Decodes picture files: JPEG, PNG, GIF and BMP. The pixels agree with those of Pillow's
 * {@code ImageOps.exif_transpose(Image.open(file)).convert("RGB")} within 1/255, or within 3/255 for JPEG.
 *
 * <p>{@link org.codanet.data.decode.Images} is the entry point for other packages. {@code ImageDecoder} performs the steps.
 * {@code PictureFormat} recognises the format. One class per format ({@code JpegPicture}, {@code PngPicture}, {@code GifPicture},
 * {@code BmpPicture}) parses the container and interprets the samples. {@code JdkDecoder} decompresses them. {@code Orientation}
 * turns the picture upright.
 *
 * <p>The JDK's decoders are used for decompression only. They never receive a colour profile, a palette or metadata, because they
 * would convert colours accordingly, or refuse the file if these parts are damaged.
 */
package org.codanet.data.decode;

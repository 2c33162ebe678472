/**
 * From the bytes of a picture file to its pixels: JPEG, PNG, GIF and BMP. The pixels are those of Pillow's
 * {@code ImageOps.exif_transpose(Image.open(file)).convert("RGB")}, within 1/255, or 3/255 for JPEG.
 *
 * <p>{@link org.codanet.data.decode.Images} is what others call. {@code ImageDecoder} shows the steps: {@code PictureFormat} recognises
 * the format, one class per format ({@code JpegPicture}, {@code PngPicture}, {@code GifPicture}, {@code BmpPicture}) parses the container and
 * decides what the samples mean, {@code JdkDecoder} decompresses them, and {@code Orientation} turns the picture upright.
 *
 * <p>The JDK's decoders are used for decompression only. They never see a colour profile, a palette or metadata, because they would
 * convert colours by them or refuse the file where they are damaged.
 */
package org.codanet.data.decode;

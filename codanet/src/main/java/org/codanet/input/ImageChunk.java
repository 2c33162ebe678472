package org.codanet.input;

import java.util.List;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.image.Pixels;
import org.codanet.nn.tensor.Shape;

/**
 * Images with the channels and extents that a network reads.
 *
 * @param values (N, C, H, W) in [0, 1]
 * @param shape of the values
 * @param names of the images: the file's path, or the index in an array
 */
public record ImageChunk(float[] values, Shape shape, List<String> names) {
    /**
     * Copies images into one array.
     *
     * @param images of the same channels and extents; at least one
     * @param names of the images
     */
    public static ImageChunk of(List<Pixels> images, List<String> names) {
        Pixels first = images.getFirst();
        int stride = first.values().length;
        float[] values = new float[Math.multiplyExact(images.size(), stride)];
        for (int n = 0; n < images.size(); n++) {
            System.arraycopy(images.get(n).values(), 0, values, n * stride, stride);
        }
        return new ImageChunk(values, Shape.of(images.size(), first.channels(), first.height(), first.width()), names);
    }

    /** N: the number of images. */
    public int count() {
        return shape.extent(0);
    }

    /** A copy of the images as a batch to explain. */
    public ImageBatch batch() {
        return ImageBatch.of(values, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3));
    }
}

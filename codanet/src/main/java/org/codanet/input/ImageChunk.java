package org.codanet.input;

import java.util.List;
import org.codanet.data.batch.ImageBatch;
import org.codanet.nn.tensor.Shape;

/**
 * Some images as a network reads them.
 *
 * @param values (N, C, H, W) in [0, 1]
 * @param shape of the values
 * @param names of the images: the file's path, or the index in an array
 */
public record ImageChunk(float[] values, Shape shape, List<String> names) {
    /** The number of images. */
    public int count() {
        return shape.extent(0);
    }

    /** The images as a batch to explain. The values are shared, not copied. */
    public ImageBatch batch() {
        return ImageBatch.of(values, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3));
    }
}

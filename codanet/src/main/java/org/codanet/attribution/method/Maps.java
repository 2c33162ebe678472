package org.codanet.attribution.method;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.nn.tensor.Shape;

/** The extents of one call. Checks them once, and creates the attribution from the values. */
final class Maps {
    /** The largest number of values of all images of a chunk, unless a single image has more. */
    private static final int CHUNK_VALUES = 1 << 21;

    private static final int CHUNK_IMAGES = 256;

    final int images;
    final int targets;
    final int channels;
    final int height;
    final int width;

    private Maps(Shape shape, int targets, int channels) {
        this.images = shape.extent(0);
        this.targets = targets;
        this.channels = channels;
        this.height = shape.extent(2);
        this.width = shape.extent(3);
    }

    /** @throws IllegalArgumentException if images or targets do not fit the network */
    static Maps of(
            AttributionMethod method, AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Shape shape = images.shape();
        if (shape.extent(1) != network.imageChannels()) {
            throw new IllegalArgumentException(method.name() + ": the images have " + shape.extent(1)
                    + " channels, the network reads " + network.imageChannels());
        }
        if (targets.size() != shape.extent(0)) {
            throw new IllegalArgumentException(method.name() + ": targets are given for " + targets.size()
                    + " images, there are " + shape.extent(0));
        }
        int width = targets.getFirst().size();
        for (List<Integer> classes : targets) {
            if (classes.isEmpty() || classes.size() != width) {
                throw new IllegalArgumentException(
                        method.name() + ": every image needs as many targets, and at least one");
            }
            for (int k : classes) {
                if (k < 0 || k >= network.classes()) {
                    throw new IllegalArgumentException(method.name() + ": there is no class " + k
                            + "; the network has 0 to " + (network.classes() - 1));
                }
            }
        }
        return new Maps(shape, width, method.channels(network));
    }

    /** {@return H W} */
    int area() {
        return height * width;
    }

    /** {@return the number of images with {@code imageChannels} channels that are perturbed at a time} */
    int chunk(int imageChannels) {
        return Math.clamp(CHUNK_VALUES / ((long) imageChannels * area()), 1, CHUNK_IMAGES);
    }

    /** {@return the values of image n} */
    static float[] image(RawImages.Floats images, int n) {
        return ((RawImages.Floats) images.part(n, 1)).values();
    }

    /** {@return {@code count} copies of an image, which the caller may change} */
    static float[] copies(float[] image, int count) {
        float[] copies = new float[count * image.length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(image, 0, copies, i * image.length, image.length);
        }
        return copies;
    }

    /** {@return {@code count} images of this call's extents} */
    RawImages.Floats batch(float[] values, int count) {
        return new RawImages.Floats(values, Shape.of(count, values.length / count / area(), height, width));
    }

    /** {@return the attribution of all values} */
    Attribution attribution(float[] values, String remark) {
        return new Attribution(Shape.of(images, targets, channels, height, width), values, remark);
    }

    /** Writes the maps of image n, (T, C, H, W), rounded to float32. */
    void write(double[] maps, int n, float[] values) {
        int start = n * maps.length;
        for (int i = 0; i < maps.length; i++) {
            values[start + i] = (float) maps[i];
        }
    }

    /** {@return zeros for the maps of one image} */
    double[] sums() {
        return new double[targets * channels * area()];
    }

    /** {@return zeros for all maps} */
    float[] values() {
        return new float[images * targets * channels * area()];
    }
}

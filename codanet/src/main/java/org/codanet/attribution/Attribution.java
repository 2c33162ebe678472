package org.codanet.attribution;

import java.util.Arrays;
import java.util.Optional;
import org.codanet.nn.tensor.Shape;

/** The maps of T targets for each of N images, by one method. Immutable. */
public final class Attribution {
    private final Shape shape;
    private final float[] values;
    private final String remark;

    /**
     * Maps of a method.
     *
     * @param shape (N, T, C, H, W); C is the number of channels of the method's maps
     * @param values the maps; the attribution takes ownership of the array
     * @param remark a note for readers of these maps; null for none
     * @throws IllegalArgumentException if the number of values is not that of the shape
     */
    public Attribution(Shape shape, float[] values, String remark) {
        if (shape.rank() != 5 || shape.elements() != values.length) {
            throw new IllegalArgumentException(
                    "attribution: " + values.length + " values do not fit (N, T, C, H, W) = " + shape);
        }
        this.shape = shape;
        this.values = values;
        this.remark = remark;
    }

    /** {@return (N, T, C, H, W)} */
    public Shape shape() {
        return shape;
    }

    /** {@return all values (N, T, C, H, W), a copy} */
    public float[] values() {
        return values.clone();
    }

    /** {@return why these maps equal those of another method, if they do for this network} */
    public Optional<String> remark() {
        return Optional.ofNullable(remark);
    }

    /**
     * {@return map t of image n summed over its channels, (H, W)}
     *
     * @throws IndexOutOfBoundsException if there is no such map
     */
    public float[] map(int n, int t) {
        float[] channels = channels(n, t);
        int area = shape.extent(3) * shape.extent(4);
        float[] map = new float[area];
        for (int i = 0; i < area; i++) {
            double sum = 0;
            for (int at = i; at < channels.length; at += area) {
                sum += channels[at];
            }
            map[i] = (float) sum;
        }
        return map;
    }

    /**
     * {@return map t of image n, (C, H, W)}
     *
     * @throws IndexOutOfBoundsException if there is no such map
     */
    public float[] channels(int n, int t) {
        if (n < 0 || n >= shape.extent(0) || t < 0 || t >= shape.extent(1)) {
            throw new IndexOutOfBoundsException(
                    "attribution: map " + t + " of image " + n + " was asked for; there are " + shape.extent(0)
                            + " images with " + shape.extent(1) + " maps each");
        }
        int size = shape.extent(2) * shape.extent(3) * shape.extent(4);
        int start = (n * shape.extent(1) + t) * size;
        return Arrays.copyOfRange(values, start, start + size);
    }
}

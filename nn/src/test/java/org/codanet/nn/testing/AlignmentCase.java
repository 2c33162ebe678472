package org.codanet.nn.testing;

import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;

/**
 * A dynamic alignment layer and the extents of its input, for one test case.
 *
 * @param why purpose of the case
 */
public record AlignmentCase(String why, DynamicAlignmentShape shape, Shape in) {
    /**
     * Starts with a small layer: 2 images of 6×5 pixels with 3 channels, 4 units of rank 3, 3×3 patches, and a bias unless the norm is
     * WB.
     */
    public static Builder layer(Norm norm) {
        return new Builder(norm);
    }

    /** That small layer itself. */
    public static AlignmentCase small(Norm norm) {
        return layer(norm).because("a small layer");
    }

    /** Inputs and weights, the same in every run. */
    AlignmentRun.Data data() {
        return AlignmentRun.Data.random(shape, in, 11);
    }

    /** Output gradients for {@code targets} targets, (N, K, Ho, Wo, D). */
    float[] outputGradients(int targets) {
        return Values.uniform(23, AlignmentRun.withTargets(shape.output(in), targets));
    }

    /** Another input with the same extents. */
    float[] otherInput() {
        return Values.uniform(37, in);
    }

    @Override
    public String toString() {
        return why + ": " + shape.norm() + " x" + in + " D=" + shape.units() + " r=" + shape.rank() + " k="
                + shape.kernel() + " s=" + shape.stride() + " p=" + shape.padding()
                + (shape.bias() ? " with b" : "");
    }

    /** Changes properties of the small layer. */
    public static final class Builder {
        private final Norm norm;
        private int images = 2;
        private int height = 6;
        private int width = 5;
        private int channels = 3;
        private int units = 4;
        private int rank = 3;
        private int kernel = 3;
        private int stride = 1;
        private int padding = 1;
        private boolean bias;

        private Builder(Norm norm) {
            this.norm = norm;
            this.bias = norm != Norm.WB;
        }

        public Builder images(int count) {
            images = count;
            return this;
        }

        public Builder pixels(int high, int wide) {
            height = high;
            width = wide;
            return this;
        }

        public Builder channels(int count) {
            channels = count;
            return this;
        }

        public Builder units(int count) {
            units = count;
            return this;
        }

        public Builder rank(int columns) {
            rank = columns;
            return this;
        }

        /** Patches of {@code side} × {@code side} pixels. */
        public Builder kernel(int side) {
            kernel = side;
            return this;
        }

        public Builder stride(int pixels) {
            stride = pixels;
            return this;
        }

        public Builder padding(int pixels) {
            padding = pixels;
            return this;
        }

        public Builder withoutBias() {
            bias = false;
            return this;
        }

        /** The finished case. @param why completes "this case is there for …" */
        public AlignmentCase because(String why) {
            return new AlignmentCase(
                    why,
                    new DynamicAlignmentShape(channels, units, rank, kernel, stride, padding, norm, bias),
                    Shape.of(images, height, width, channels));
        }
    }
}

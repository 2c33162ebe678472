package org.codanet.nn.reference.op;

import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ContributionMap}, element by element. */
public final class ReferenceContributionMap extends ReferenceOperation implements ContributionMap {
    public ReferenceContributionMap(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "contribution map");
    }

    @Override
    public void forward(Tensor x, Tensor map, Tensor perChannel, Tensor perPosition, Tensor total) {
        requireOpen();
        ReferenceTensor input = tensor(x, 4, "x", "(N, H, W, C)");
        ReferenceTensor linear = tensor(map, 5, "map", "(N, K, H, W, C)");
        Shape shape = input.shape();
        int images = shape.extent(0);
        int height = shape.extent(1);
        int width = shape.extent(2);
        int channels = shape.extent(3);
        int targets = linear.shape().extent(1);
        tensor(map, Shape.of(images, targets, height, width, channels), "map");
        ReferenceTensor full = perChannel == null
                ? null
                : tensor(perChannel, Shape.of(images, targets, channels, height, width), "perChannel");
        ReferenceTensor summed = perPosition == null
                ? null
                : tensor(perPosition, Shape.of(images, targets, height, width), "perPosition");
        ReferenceTensor sums = total == null ? null : tensor(total, Shape.of(images, targets), "total");
        int positions = height * width;
        for (int row = 0; row < images * targets; row++) {
            double everything = 0;
            for (int position = 0; position < positions; position++) {
                double here = 0;
                for (int c = 0; c < channels; c++) {
                    double value = input.get((row / targets * positions + position) * channels + c)
                            * linear.get((row * positions + position) * channels + c);
                    here += value;
                    if (full != null) {
                        full.set((row * channels + c) * positions + position, value);
                    }
                }
                everything += here;
                if (summed != null) {
                    summed.set(row * positions + position, here);
                }
            }
            if (sums != null) {
                sums.set(row, everything);
            }
        }
    }
}

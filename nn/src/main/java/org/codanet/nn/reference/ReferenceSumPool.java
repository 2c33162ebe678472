package org.codanet.nn.reference;

import java.util.List;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link SumPool}, element by element. */
final class ReferenceSumPool extends ReferenceOperation implements SumPool {
    ReferenceSumPool(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "sum pool");
    }

    @Override
    public void forward(Tensor z, double temperature, double bias, Tensor logits) {
        requireOpen();
        requireTemperature(temperature);
        ReferenceTensor from = tensor(z, 4, "z", "(N, H, W, K)");
        ReferenceTensor to = tensor(logits, logitShape(from.shape()), "logits");
        int classes = from.shape().extent(3);
        int positions = positions(from.shape());
        for (int n = 0; n < from.shape().extent(0); n++) {
            for (int k = 0; k < classes; k++) {
                double sum = 0;
                for (int position = 0; position < positions; position++) {
                    sum += from.get((n * positions + position) * classes + k);
                }
                to.set(n * classes + k, sum / temperature + bias);
            }
        }
    }

    @Override
    public void backward(Tensor dLogits, double temperature, Tensor dZ) {
        requireOpen();
        requireTemperature(temperature);
        ReferenceTensor to = tensor(dZ, 4, "dZ", "(N, H, W, K)");
        ReferenceTensor from = tensor(dLogits, logitShape(to.shape()), "dLogits");
        int classes = to.shape().extent(3);
        int perImage = positions(to.shape()) * classes;
        for (int i = 0; i < to.size(); i++) {
            to.set(i, from.get(i / perImage * classes + i % classes) / temperature);
        }
    }

    @Override
    public void seed(List<List<Integer>> targets, double temperature, Tensor seeds) {
        requireOpen();
        requireTemperature(temperature);
        ReferenceTensor to = tensor(seeds, 5, "seeds", "(N, T, H, W, K)");
        Shape shape = to.shape();
        int classes = shape.extent(4);
        int positions = shape.extent(2) * shape.extent(3);
        requireTargets(targets, shape);
        for (int i = 0; i < to.size(); i++) {
            int row = i / (positions * classes);
            int target = targets.get(row / shape.extent(1)).get(row % shape.extent(1));
            to.set(i, i % classes == target ? 1 / temperature : 0);
        }
    }

    private void requireTargets(List<List<Integer>> targets, Shape seeds) {
        if (targets.size() != seeds.extent(0)) {
            throw new IllegalArgumentException(
                    operation() + ": there are targets for " + targets.size() + " images, seeds are " + seeds);
        }
        for (List<Integer> ofImage : targets) {
            if (ofImage.size() != seeds.extent(1)) {
                throw new IllegalArgumentException(operation() + ": an image has " + ofImage.size()
                        + " targets, seeds have room for " + seeds.extent(1) + " each");
            }
            for (int target : ofImage) {
                if (target < 0 || target >= seeds.extent(4)) {
                    throw new IllegalArgumentException(operation() + ": target " + target + " is none of the "
                            + seeds.extent(4) + " channels, 0 to " + (seeds.extent(4) - 1));
                }
            }
        }
    }

    private static Shape logitShape(Shape z) {
        return Shape.of(z.extent(0), z.extent(3));
    }

    private static int positions(Shape z) {
        return z.extent(1) * z.extent(2);
    }

    private void requireTemperature(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException(
                    operation() + ": temperature must be positive and finite, got " + temperature);
        }
    }
}

package org.codanet.nn.reference.op;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link SumPool}, element by element. */
public final class ReferenceSumPool extends ReferenceOperation implements SumPool {
    public ReferenceSumPool(ReferenceMemory memory, Scope scope) {
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
    public void seed(Tensor targets, int first, double temperature, Tensor seeds) {
        requireOpen();
        requireTemperature(temperature);
        ReferenceTensor to = tensor(seeds, 5, "seeds", "(N, S, H, W, K)");
        Shape shape = to.shape();
        ReferenceTensor from = tensor(targets, 2, "targets", "(N, T)");
        SumPool.requireColumns(from.shape(), first, shape);
        int classes = shape.extent(4);
        int perSeed = shape.extent(2) * shape.extent(3) * classes;
        int perImage = from.shape().extent(1);
        for (int i = 0; i < to.size(); i++) {
            int row = i / perSeed;
            int column = first + row % shape.extent(1);
            double target = from.get(row / shape.extent(1) * perImage + column);
            to.set(i, i % classes == target ? 1 / temperature : 0);
        }
    }

    @Override
    public void highest(Tensor logits, Tensor channels) {
        requireOpen();
        ReferenceTensor from = tensor(logits, 2, "logits", "(N, K)");
        ReferenceTensor to = tensor(channels, 2, "channels", "(N, S)");
        int classes = from.shape().extent(1);
        int wanted = to.shape().extent(1);
        SumPool.requireRanks(from.shape(), to.shape());
        for (int n = 0; n < from.shape().extent(0); n++) {
            int row = n * classes;
            List<Integer> ranked = IntStream.range(0, classes)
                    .boxed()
                    .sorted(Comparator.comparing((Integer k) -> Double.isNaN(from.get(row + k)))
                            .thenComparing(Comparator.comparing((Integer k) -> from.get(row + k) + 0.0)
                                    .reversed()))
                    .toList();
            for (int s = 0; s < wanted; s++) {
                to.set(n * wanted + s, ranked.get(s));
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

package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link BatchNorm} promises, on every device. */
public abstract class BatchNormContract extends OperationContract {
    static Stream<Shape> shapes() {
        return Stream.of(
                Shape.of(2, 2, 2, 1), // one channel; with two or three values its gradient would cancel
                Shape.of(2, 32, 32, 16), // the first layers of a ResNet for CIFAR-10: several pieces of work
                Shape.of(3, 7, 5, 3), // neither channels nor rows fill a vector
                Shape.of(2, 4, 4, 300)); // more channels than a block has threads
    }

    /** An operation with data. The values of each channel have their own mean, far from 0. */
    private static final class Case {
        private final Workplace place;
        private final Shape shape;
        private final Shape vector;
        private final BatchNorm operation;
        private final Tensor x;
        private final BatchNorm.Weights weights;
        private final BatchNorm.Statistics running;

        Case(Workplace place, Shape shape) {
            this.place = place;
            this.shape = shape;
            int channels = shape.extent(3);
            this.vector = Shape.of(channels);
            this.operation = place.device().batchNorm(place.scope(), new BatchNormShape(channels, 1e-5, 0.1));
            float[] values = Values.uniform(1, shape);
            for (int i = 0; i < values.length; i++) {
                values[i] += 5 * (i % channels % 3);
            }
            this.x = place.input(shape, values);
            this.weights = new BatchNorm.Weights(
                    place.input(vector, Values.uniform(2, vector)), place.input(vector, Values.uniform(3, vector)));
            float[] variances = Values.uniform(5, vector);
            for (int i = 0; i < variances.length; i++) {
                variances[i] = 0.01f + variances[i] * variances[i];
            }
            this.running = new BatchNorm.Statistics(
                    place.variable(vector, Values.uniform(4, vector)), place.variable(vector, variances));
        }

        List<float[]> inference() {
            Tensor y = place.output(shape);
            operation.forward(x, weights, running, y);
            Shape targets = Shape.of(shape.extent(0), 2, shape.extent(1), shape.extent(2), shape.extent(3));
            Tensor dIn = place.output(targets);
            operation.backProject(place.input(targets, Values.uniform(6, targets)), weights, running, dIn);
            return List.of(place.read(y), place.read(dIn));
        }

        List<float[]> training() {
            Tensor y = place.output(shape);
            Tensor saved = place.output(Shape.of(2, shape.extent(3)));
            operation.train(x, weights, running, saved, y);
            Tensor dOut = place.input(shape, Values.uniform(6, shape));
            BatchNorm.Weights gradients = new BatchNorm.Weights(
                    place.variable(vector, Values.uniform(7, vector)),
                    place.variable(vector, Values.uniform(8, vector)));
            Tensor dIn = place.output(shape);
            operation.backward(x, dOut, weights, saved, gradients, dIn);
            Tensor same = place.output(shape);
            operation.backward(x, dOut, weights, saved, null, same);
            assertArrayEquals(place.read(dIn), place.read(same), "gradient of the input alone");
            operation.backward(x, dOut, weights, saved, gradients, null);
            List<float[]> results = new ArrayList<>();
            for (Tensor tensor :
                    List.of(y, saved, running.mean(), running.variance(), gradients.scale(), gradients.shift(), dIn)) {
                results.add(place.read(tensor));
            }
            return results;
        }
    }

    private void assertAllClose(String what, List<float[]> expected, List<float[]> actual) {
        for (int i = 0; i < expected.size(); i++) {
            assertClose(what + ", result " + i, expected.get(i), actual.get(i));
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void runningStatisticsNormaliseAsOnTheReference(Shape shape) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            assertAllClose("inference", new Case(reference, shape).inference(), new Case(place, shape).inference());
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void trainingAgreesWithTheReference(Shape shape) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            assertAllClose("training", new Case(reference, shape).training(), new Case(place, shape).training());
        }
    }

    @Test
    void aConstantChannelBecomesItsShift() {
        Shape shape = Shape.of(2, 2, 1, 1);
        Shape one = Shape.of(1);
        try (Workplace place = place()) {
            BatchNorm operation = place.device().batchNorm(place.scope(), new BatchNormShape(1));
            Tensor y = place.output(shape);
            Tensor saved = place.output(Shape.of(2, 1));
            BatchNorm.Statistics running = new BatchNorm.Statistics(
                    place.variable(one, new float[] {0}), place.variable(one, new float[] {1}));
            BatchNorm.Weights weights =
                    new BatchNorm.Weights(place.input(one, new float[] {2}), place.input(one, new float[] {-3}));
            operation.train(place.input(shape, new float[] {7, 7, 7, 7}), weights, running, saved, y);
            assertArrayEquals(new float[] {-3, -3, -3, -3}, place.read(y));
            assertClose("mean", new float[] {.7f}, place.read(running.mean()));
            assertClose("variance", new float[] {.9f}, place.read(running.variance()));
        }
    }

    @Test
    void oneValueOfAChannelAndOtherChannelsAreRefused() {
        Shape one = Shape.of(1);
        try (Workplace place = place()) {
            BatchNorm operation = place.device().batchNorm(place.scope(), new BatchNormShape(1));
            Tensor vector = place.variable(one, new float[1]);
            BatchNorm.Weights weights = new BatchNorm.Weights(vector, vector);
            BatchNorm.Statistics running = new BatchNorm.Statistics(vector, vector);
            Tensor saved = place.variable(Shape.of(2, 1), new float[2]);
            Tensor single = place.variable(Shape.of(1, 1, 1, 1), new float[1]);
            Tensor two = place.variable(Shape.of(1, 1, 1, 2), new float[2]);
            assertThrows(
                    IllegalArgumentException.class, () -> operation.train(single, weights, running, saved, single));
            assertThrows(IllegalArgumentException.class, () -> operation.forward(two, weights, running, two));
            assertThrows(IllegalArgumentException.class, () -> operation.backProject(two, weights, running, two));
            assertThrows(IllegalArgumentException.class, () -> operation.forward(single, weights, running, two));
            BatchNorm.Weights other = new BatchNorm.Weights(two.reshape(Shape.of(2)), vector);
            assertThrows(IllegalArgumentException.class, () -> operation.forward(single, other, running, single));
        }
    }
}

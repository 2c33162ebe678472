package org.codanet.nn.reference;

import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.Values;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares every gradient of the reference device with finite differences. */
final class OperationGradientsTest {
    private final ReferenceDevice device = new ReferenceDevice(DeviceOptions.defaults());
    private final Scope scope = Scope.open("test");

    @AfterEach
    void close() {
        scope.close();
        device.close();
    }

    private Tensor random(long seed, Shape shape) {
        Tensor tensor = device.allocate(scope, shape);
        device.upload(Values.uniform(seed, shape), tensor);
        return tensor;
    }

    private Tensor zeros(Shape shape) {
        return device.allocate(scope, shape);
    }

    /**
     * Small shapes, because finite differences evaluate the operation twice for every element. They cover stride, padding and a rank
     * above the patch length, each with every norm.
     */
    static Stream<DynamicAlignmentShape> layers() {
        return Stream.of(Norm.values()).flatMap(norm -> {
            boolean bias = norm != Norm.WB;
            return Stream.of(
                    new DynamicAlignmentShape(2, 3, 2, 3, 1, 1, norm, bias),
                    new DynamicAlignmentShape(2, 3, 4, 2, 2, 0, norm, false),
                    new DynamicAlignmentShape(3, 2, 5, 1, 1, 0, norm, false),
                    new DynamicAlignmentShape(2, 1, 3, 3, 2, 2, norm, bias));
        });
    }

    /** A dynamic alignment layer with data. */
    private final class Layer {
        private final DynamicAlignment operation;
        private final DynamicAlignment.Weights weights;
        private final Tensor x;
        private final Tensor y;
        private final Tensor g;
        private final DynamicAlignment.State state;
        private final DynamicAlignment.Weights gradients;
        private final Tensor dIn;

        Layer(DynamicAlignmentShape shape) {
            Shape in = Shape.of(2, 4, 3, shape.inChannels());
            operation = device.dynamicAlignment(scope, shape);
            weights = new DynamicAlignment.Weights(
                    random(1, shape.aShape()),
                    random(2, shape.bShape()),
                    shape.bias() ? random(3, shape.biasShape()) : null);
            gradients = new DynamicAlignment.Weights(
                    zeros(shape.aShape()), zeros(shape.bShape()), shape.bias() ? zeros(shape.biasShape()) : null);
            x = random(4, in);
            y = zeros(shape.output(in));
            g = random(5, shape.output(in));
            dIn = zeros(in);
            state = operation.state(scope, in, Purpose.TRAINING);
        }

        void forward() {
            operation.prepare(weights, Purpose.TRAINING);
            operation.forward(x, y, state);
        }

        double product(Tensor result) {
            return FiniteDifferences.product(device.downloadExactly(result), device.downloadExactly(g));
        }

        void check(DoubleSupplier value) {
            check("dIn", x, value, dIn);
            check("dA", weights.a(), value, gradients.a());
            check("dB", weights.b(), value, gradients.b());
            if (weights.bias() != null) {
                check("db", weights.bias(), value, gradients.bias());
            }
        }

        private void check(String what, Tensor variable, DoubleSupplier value, Tensor gradient) {
            FiniteDifferences.check(what, device, variable, value, device.downloadExactly(gradient));
        }
    }

    @ParameterizedTest
    @MethodSource("layers")
    void gradientOfDynamicAlignment(DynamicAlignmentShape shape) {
        Layer layer = new Layer(shape);
        layer.forward();
        layer.operation.backward(layer.state, layer.x, layer.g, layer.dIn, layer.gradients);
        layer.check(() -> {
            layer.forward();
            return layer.product(layer.y);
        });
    }

    @ParameterizedTest
    @MethodSource("layers")
    void gradientOfTheFrozenMapOfDynamicAlignment(DynamicAlignmentShape shape) {
        Layer layer = new Layer(shape);
        Tensor v = random(6, layer.x.shape());
        layer.forward();
        layer.operation.mapBackward(layer.state, layer.x, v, layer.g, layer.dIn, layer.gradients);
        layer.check(() -> {
            layer.forward();
            layer.operation.applyMap(layer.state, v, layer.y);
            return layer.product(layer.y);
        });
    }

    @Test
    void gradientOfTheConvolution() {
        ConvolutionShape shape = new ConvolutionShape(2, 3, 3, 2, 1, true);
        Convolution operation = device.convolution(scope, shape);
        Tensor x = random(1, Shape.of(2, 4, 5, 2));
        Tensor w = random(2, shape.weightShape());
        Tensor bias = random(3, Shape.of(3));
        Tensor y = zeros(shape.output(x.shape()));
        Tensor g = random(4, y.shape());
        Tensor dIn = zeros(x.shape());
        Tensor dW = zeros(w.shape());
        Tensor dBias = zeros(bias.shape());
        operation.backwardData(g, w, dIn);
        operation.backwardWeights(x, g, dW, dBias);
        DoubleSupplier value = () -> {
            operation.forward(x, w, bias, y);
            return FiniteDifferences.product(device.downloadExactly(y), device.downloadExactly(g));
        };
        FiniteDifferences.check("dIn", device, x, value, device.downloadExactly(dIn));
        FiniteDifferences.check("dW", device, w, value, device.downloadExactly(dW));
        FiniteDifferences.check("dBias", device, bias, value, device.downloadExactly(dBias));
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void gradientOfTheLoss(LossKind kind) {
        gradientOfTheLoss(kind, null);
    }

    @ParameterizedTest
    @EnumSource(LossKind.class)
    void gradientOfTheWeightedLoss(LossKind kind) {
        Tensor weights = zeros(Shape.of(3));
        device.upload(new float[] {0.5f, 0, 3}, weights);
        gradientOfTheLoss(kind, weights);
    }

    private void gradientOfTheLoss(LossKind kind, Tensor weights) {
        Loss operation = device.loss(scope, kind);
        Tensor logits = random(1, Shape.of(3, 4));
        Tensor labels = zeros(Shape.of(3));
        device.upload(new float[] {2, 0, 3}, labels);
        Tensor loss = zeros(Shape.of(1));
        Tensor gradient = zeros(logits.shape());
        operation.forward(logits, labels, weights, 1, loss, gradient);
        double[] expected = device.downloadExactly(gradient);
        FiniteDifferences.check(
                "dLogits",
                device,
                logits,
                () -> {
                    operation.forward(logits, labels, weights, 1, loss, gradient);
                    return device.downloadExactly(loss)[0];
                },
                expected);
    }

    @Test
    void gradientOfTheSumPool() {
        SumPool operation = device.sumPool(scope);
        Tensor z = random(1, Shape.of(2, 3, 2, 4));
        Tensor g = random(2, Shape.of(2, 4));
        Tensor logits = zeros(Shape.of(2, 4));
        Tensor dZ = zeros(z.shape());
        operation.backward(g, 3, dZ);
        FiniteDifferences.check(
                "dZ",
                device,
                z,
                () -> {
                    operation.forward(z, 3, -2, logits);
                    return FiniteDifferences.product(device.downloadExactly(logits), device.downloadExactly(g));
                },
                device.downloadExactly(dZ));
    }
}

package org.codanet.gpu;

import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.op.ImageInput;
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

/**
 * A network with every operation of a training step: image input, augmentation, dynamic alignment, convolution, sum pool, loss and Adam.
 * It owns its tensors.
 */
final class SmallNet {
    private static final Shape IMAGES = Shape.of(2, 3, 6, 6);
    private static final DynamicAlignmentShape ALIGNMENT = new DynamicAlignmentShape(6, 5, 4, 3, 1, 1, Norm.SQ, true);
    private static final ConvolutionShape CONVOLUTION = new ConvolutionShape(5, 4, 3, 2, 1, true);

    private final Device device;
    private final ImageInput input;
    private final ImageAugmentation augmentation;
    private final DynamicAlignment alignment;
    private final Convolution convolution;
    private final SumPool pool;
    private final Loss lossOperation;
    private final Adam adam;
    private final Tensor images;
    private final Tensor labels;
    private final Tensor changes;
    private final Tensor x;
    private final Tensor hidden;
    private final Tensor z;
    private final Tensor logits;
    private final Tensor loss;
    private final Tensor dLogits;
    private final Tensor dZ;
    private final Tensor dHidden;
    private final Tensor norm;
    private final DynamicAlignment.Weights weights;
    private final DynamicAlignment.Weights gradients;
    private final Tensor filters;
    private final Tensor dFilters;
    private final Tensor bias;
    private final Tensor dBias;
    private final List<Adam.Slot> slots;
    private final DynamicAlignment.State state;

    SmallNet(Device device, Scope scope) {
        this.device = device;
        input = device.imageInput(scope);
        augmentation = device.imageAugmentation(scope);
        alignment = device.dynamicAlignment(scope, ALIGNMENT);
        convolution = device.convolution(scope, CONVOLUTION);
        pool = device.sumPool(scope);
        lossOperation = device.loss(scope, LossKind.BCE);
        adam = device.adam(scope);
        images = device.allocate(scope, IMAGES);
        labels = tensor(scope, Shape.of(2), new float[] {1, 3});
        float[] numbers = new float[2 * AugmentationOperation.NUMBERS];
        AugmentationOperation.rotate(0.3, 6, 6).write(numbers, 0);
        AugmentationOperation.equalise().write(numbers, AugmentationOperation.NUMBERS);
        changes = tensor(scope, Shape.of(2, 1, AugmentationOperation.NUMBERS), numbers);
        x = device.allocate(scope, Shape.of(2, 6, 6, 6));
        hidden = device.allocate(scope, Shape.of(2, 6, 6, 5));
        z = device.allocate(scope, CONVOLUTION.output(hidden.shape()));
        logits = device.allocate(scope, Shape.of(2, 4));
        loss = device.allocate(scope, Shape.of(1));
        dLogits = device.allocate(scope, logits.shape());
        dZ = device.allocate(scope, z.shape());
        dHidden = device.allocate(scope, hidden.shape());
        norm = device.allocate(scope, Shape.of(1));
        weights = new DynamicAlignment.Weights(
                random(scope, 1, ALIGNMENT.aShape()),
                random(scope, 2, ALIGNMENT.bShape()),
                random(scope, 3, ALIGNMENT.biasShape()));
        gradients = new DynamicAlignment.Weights(
                zero(scope, ALIGNMENT.aShape()), zero(scope, ALIGNMENT.bShape()), zero(scope, ALIGNMENT.biasShape()));
        filters = random(scope, 4, CONVOLUTION.weightShape());
        dFilters = zero(scope, CONVOLUTION.weightShape());
        bias = random(scope, 5, Shape.of(4));
        dBias = zero(scope, Shape.of(4));
        slots = List.of(
                slot(scope, weights.a(), gradients.a()),
                slot(scope, weights.b(), gradients.b()),
                slot(scope, weights.bias(), gradients.bias()),
                slot(scope, filters, dFilters),
                slot(scope, bias, dBias));
        state = alignment.state(scope, x.shape(), Purpose.TRAINING);
    }

    private Tensor tensor(Scope scope, Shape shape, float[] values) {
        Tensor tensor = device.allocate(scope, shape);
        device.upload(values, tensor);
        return tensor;
    }

    private Tensor random(Scope scope, long seed, Shape shape) {
        return tensor(scope, shape, Values.uniform(seed, shape, 0.3));
    }

    private Tensor zero(Scope scope, Shape shape) {
        return tensor(scope, shape, new float[(int) shape.elements()]);
    }

    private Adam.Slot slot(Scope scope, Tensor value, Tensor gradient) {
        return new Adam.Slot(value, gradient, zero(scope, value.shape()), zero(scope, value.shape()));
    }

    /** Uploads random images, which the next steps use. */
    void load(long seed) {
        float[] values = Values.uniform(seed, IMAGES);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(values[i]);
        }
        device.upload(values, images);
    }

    /** Queues one step. The gradients are clipped, so their norm is computed as well. */
    void step(long number) {
        next(number);
        step();
    }

    /** Sets the number of the following steps, and their learning rate, which decreases with the number. */
    void next(long number) {
        adam.next(new Adam.Step(0.01 / number, 0.9, 0.999, 1e-8, 0.01, number, 1));
    }

    /** Queues one step with the number that {@link #next} set. */
    void step() {
        input.forward(images, true, x);
        augmentation.apply(changes, true, x);
        alignment.prepare(weights, Purpose.TRAINING);
        alignment.forward(x, hidden, state);
        convolution.forward(hidden, filters, bias, z);
        pool.forward(z, 2, -1, logits);
        lossOperation.forward(logits, labels, 1, loss, dLogits);
        pool.backward(dLogits, 2, dZ);
        convolution.backwardWeights(hidden, dZ, dFilters, dBias);
        convolution.backwardData(dZ, filters, dHidden);
        alignment.backward(state, x, dHidden, null, gradients);
        adam.step(slots, norm);
    }

    /** The loss of the last step. */
    float loss() {
        float[] value = new float[1];
        device.download(loss, value);
        return value[0];
    }

    /** The alignment layer's B. */
    float[] weights() {
        float[] values = new float[(int) weights.b().shape().elements()];
        device.download(weights.b(), values);
        return values;
    }
}

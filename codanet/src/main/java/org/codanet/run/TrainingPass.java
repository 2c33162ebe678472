package org.codanet.run;

import org.codanet.data.batch.RawImages;
import org.codanet.model.NetPass;
import org.codanet.model.Network;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * One micro-batch, forward and backward. Adds the gradient of the mean loss of these images, times their share of the virtual batch, to
 * the parameters' gradients. Must not be repeated for the same images.
 *
 * @param images how the images are stored
 * @param loss the recipe's loss
 * @param virtualBatch images of one optimiser step
 * @param lambda weight of the linear-map regulariser; 0 for no regulariser
 * @param weighted whether the loss of each image is multiplied by its weight
 */
public record TrainingPass(RawImages.Form images, LossKind loss, int virtualBatch, double lambda, boolean weighted)
        implements PassDefinition {
    /** Input (N): the class of each image. */
    public static final String LABELS = "labels";

    /** Input (N), with weights only: the weight of each image. */
    public static final String WEIGHTS = "weights";

    /** Input (N, 2), with a regulariser only: the two classes of each image whose linear maps are penalised. */
    public static final String REGULARISED = "regularised classes";

    /** Result (1): the mean loss of these images, without the regulariser. */
    public static final String LOSS = "loss";

    /** Result (2), with a regulariser only: the sums that {@link Sequential#penalty} computes the regulariser's value from. */
    public static final String PENALTY_SUMS = "penalty sums";

    /** Result (N, K). */
    public static final String LOGITS = "logits";

    /** A pass without weights. */
    public TrainingPass(RawImages.Form images, LossKind loss, int virtualBatch, double lambda) {
        this(images, loss, virtualBatch, lambda, false);
    }

    @Override
    public TrainingPass withImages(int count) {
        return new TrainingPass(images.withCount(count), loss, virtualBatch, lambda, weighted);
    }

    @Override
    public Purpose purpose() {
        return Purpose.TRAINING;
    }

    /** Whether the loss includes the regulariser. */
    public boolean isRegularised() {
        return lambda > 0;
    }

    private int count() {
        return images.shape().extent(0);
    }

    /** Share of these images in their virtual batch, which scales the gradient. */
    private double share() {
        return (double) count() / virtualBatch;
    }

    @Override
    public BufferLayout inputs(Network net) {
        BufferLayout.Builder layout = BufferLayout.builder().add(LABELS, Shape.of(count()));
        if (weighted) {
            layout.add(WEIGHTS, Shape.of(count()));
        }
        if (isRegularised()) {
            layout.add(REGULARISED, Shape.of(count(), 2));
        }
        return layout.build();
    }

    @Override
    public BufferLayout results(Network net) {
        BufferLayout.Builder layout = BufferLayout.builder().add(LOSS, Shape.of(1));
        if (isRegularised()) {
            layout.add(PENALTY_SUMS, Shape.of(2));
        }
        return layout.add(LOGITS, Shape.of(count(), net.config().numClasses())).build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        Loss operation = net.device().loss(scope, loss);
        return (input, inputs, results, own) -> run(net, operation, input, inputs, results, own);
    }

    private void run(
            Network net, Loss operation, Tensor input, DeviceBuffers inputs, DeviceBuffers results, Scope scope) {
        Device device = net.device();
        NetPass pass = net.forward(input, Purpose.TRAINING, scope);
        device.elementwise().copy(pass.logits(), results.get(LOGITS));
        Tensor dLogits = device.allocate(scope, pass.logits().shape());
        Tensor weights = weighted ? inputs.get(WEIGHTS) : null;
        operation.forward(pass.logits(), inputs.get(LABELS), weights, share(), results.get(LOSS), dLogits);
        if (isRegularised()) {
            Tensor classes = inputs.get(REGULARISED);
            net.regularisedBackward(pass, dLogits, classes, lambda * share(), results.get(PENALTY_SUMS), scope);
        } else {
            net.backward(pass, dLogits, null, scope);
        }
    }

    /** The mean loss of the images with the regulariser, from the results of a run. */
    public double loss(Network net, HostBuffers results) {
        double value = results.get(LOSS)[0];
        if (isRegularised()) {
            // The penalty is scaled by the share, as the gradient is; the loss is not.
            Shape input = net.inputShape(
                    count(), images.shape().extent(2), images.shape().extent(3));
            value += Sequential.penalty(input, lambda * share(), results.get(PENALTY_SUMS)) / share();
        }
        return value;
    }

    @Override
    public String toString() {
        return "train " + images;
    }
}

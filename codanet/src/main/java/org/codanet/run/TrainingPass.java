package org.codanet.train;

import java.util.List;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.NetInput;
import org.codanet.model.NetPass;
import org.codanet.model.NetStep;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * One micro-batch of one shape, forward and backward, on tensors of its own: images and labels in, gradients added to the
 * parameters', loss and logits out in one copy.
 */
final class TrainingPass {
    private final CodaNet net;
    private final Device device;
    private final Loss loss;
    private final Scope scope;
    private final Shape shape;
    private final double share;
    private final double factor;
    private final NetInput images;
    private final Tensor labels;
    private final Tensor classes;
    private final Tensor results;
    private final int sums;
    private final NetStep step;

    /**
     * A pass that has not run yet.
     *
     * @param form of the images
     * @param share of these images in their virtual batch
     * @param lambda of the linear-map regulariser; 0 leaves it out
     * @param scope owner of everything
     */
    TrainingPass(CodaNet net, Loss loss, RawImages.Form form, double share, double lambda, Scope scope) {
        this.net = net;
        this.device = net.device();
        this.loss = loss;
        this.scope = scope;
        this.shape = form.shape();
        this.share = share;
        this.factor = lambda * share;
        int n = shape.extent(0);
        this.images = new NetInput(net, form, scope);
        this.labels = device.allocate(scope, Shape.of(n));
        this.classes = lambda > 0 ? device.allocate(scope, Shape.of(n, 2)) : null;
        this.sums = lambda > 0 ? 2 : 0;
        this.results =
                device.allocate(scope, Shape.of(1 + sums + n * net.config().numClasses()));
        this.step = new NetStep(device, scope, this::queue);
    }

    /**
     * What one pass gave.
     *
     * @param loss mean over its images, the regulariser included
     * @param logits (N, K)
     */
    record Outcome(double loss, float[] logits) {}

    /**
     * Adds the gradient of these images' loss, times their share, to the parameters' gradients.
     *
     * @param others beside each label the class whose linear map is to be small; read by the regulariser alone
     */
    Outcome run(RawImages values, List<Integer> labelsOf, List<Integer> others) {
        images.upload(values);
        int n = labelsOf.size();
        float[] numbers = new float[n];
        float[] pairs = new float[2 * n];
        for (int i = 0; i < n; i++) {
            numbers[i] = labelsOf.get(i);
            pairs[2 * i] = labelsOf.get(i);
            pairs[2 * i + 1] = others.get(i);
        }
        device.upload(numbers, labels);
        if (classes != null) {
            device.upload(pairs, classes);
        }
        net.prepare(Purpose.TRAINING);
        step.run();
        float[] all = new float[Math.toIntExact(results.shape().elements())];
        device.download(results, all);
        double value = all[0];
        if (sums > 0) {
            // The regulariser comes back times its share of the virtual batch; the loss is stated without.
            float[] ofMaps = {all[1], all[2]};
            Shape input = net.inputShape(n, shape.extent(2), shape.extent(3));
            value += Sequential.penalty(input, factor, ofMaps) / share;
        }
        float[] logits = new float[all.length - 1 - sums];
        System.arraycopy(all, 1 + sums, logits, 0, logits.length);
        return new Outcome(value, logits);
    }

    private void queue() {
        try (Scope own = scope.child("pass")) {
            NetPass pass = net.forward(images.write(own), Purpose.TRAINING, own);
            Tensor logits = pass.logits();
            device.elementwise()
                    .copy(
                            logits,
                            results.slice(
                                    1 + sums, Math.toIntExact(logits.shape().elements())));
            Tensor dLogits = device.allocate(own, logits.shape());
            loss.forward(logits, labels, share, results.slice(0, 1), dLogits);
            if (classes != null) {
                net.regularisedBackward(pass, dLogits, classes, factor, results.slice(1, sums), own);
            } else {
                net.backward(pass, dLogits, null, own);
            }
        }
    }

    /** Which layer made the last images' loss not finite, found by going forward once more. */
    String whatIsNotFinite(double value) {
        try (Scope own = scope.child("search")) {
            NetPass pass = net.forward(images.write(own), Purpose.TRAINING, own);
            return net.firstNotFinite(pass)
                    .map(name -> "the output of layer " + name + " is not finite")
                    .orElse("the loss is " + value + ", though every layer's output is finite");
        }
    }
}

package org.codanet.explain;

import java.util.ArrayList;
import java.util.List;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.ExplanationPass;
import org.codanet.run.HostBuffers;

/** Assembles the {@link Explanation} of a batch from the results of its micro-batches. */
final class ExplanationBuilder {
    private final CodaNet net;
    private final Target target;
    private final Shape maps;
    private final int channels;
    private final float[] logits;
    private final float[] activations;
    private final List<List<Integer>> classes;
    private final float[] perPosition;
    private final float[] perChannel;

    /** @param pass for the whole batch */
    ExplanationBuilder(CodaNet net, ExplanationPass pass, Target target) {
        this.net = net;
        this.target = target;
        Shape images = pass.images().shape();
        int n = images.extent(0);
        Shape x = net.activationShape(net.inputShape(n, images.extent(2), images.extent(3)), pass.layer());
        this.maps = Shape.of(n, pass.targets().count(), x.extent(1), x.extent(2));
        this.channels = x.extent(3);
        this.logits = new float[Math.multiplyExact(n, net.config().numClasses())];
        this.activations = target instanceof Target.Activation ? new float[n] : null;
        this.classes = new ArrayList<>();
        if (maps.elements() * (pass.perChannel() ? channels : 1) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "explanation: " + n + " images with " + pass.targets().count()
                            + " targets of " + x.extent(1) + " x " + x.extent(2)
                            + " positions have more contributions than one array can have; explain fewer images in one call");
        }
        this.perPosition = new float[Math.toIntExact(maps.elements())];
        this.perChannel = pass.perChannel() ? new float[perPosition.length * channels] : null;
    }

    /**
     * Adds one micro-batch. Micro-batches must be added in the order of the images.
     *
     * @param first index of the first image of the micro-batch
     * @param pass that computed the results
     * @param named the explained classes of each image of the micro-batch; empty if the results contain them
     */
    void add(int first, ExplanationPass pass, HostBuffers results, List<List<Integer>> named) {
        int count = pass.images().shape().extent(0);
        int k = net.config().numClasses();
        results.copy(ExplanationPass.LOGITS, 0, logits, first * k, count * k);
        if (activations != null) {
            results.copy(ExplanationPass.ACTIVATIONS, 0, activations, first, count);
        }
        boolean computed = target.isRanked() || target instanceof Target.OneOfEach;
        classes.addAll(computed ? classes(results) : named);
        for (ExplanationPass.Group group : pass.groups(net)) {
            scatter(results, group.positions(), first, count, group, perPosition);
            if (perChannel != null) {
                scatter(results, group.channels(), first, count, group, perChannel);
            }
        }
    }

    private List<List<Integer>> classes(HostBuffers results) {
        float[] numbers = results.get(ExplanationPass.CLASSES);
        List<List<Integer>> ofImages = new ArrayList<>();
        for (int start = 0; start < numbers.length; start += targets()) {
            List<Integer> ofImage = new ArrayList<>();
            for (int t = 0; t < targets(); t++) {
                ofImage.add((int) numbers[start + t]);
            }
            ofImages.add(ofImage);
        }
        return ofImages;
    }

    private void scatter(
            HostBuffers results, String name, int first, int count, ExplanationPass.Group group, float[] destination) {
        int map = destination.length / (maps.extent(0) * targets());
        int length = group.count() * map;
        for (int n = 0; n < count; n++) {
            int to = ((first + n) * targets() + group.first()) * map;
            results.copy(name, n * length, destination, to, length);
        }
    }

    private int targets() {
        return maps.extent(1);
    }

    /** The explanation of all images. */
    Explanation build() {
        return switch (target) {
            case Target.Activation unit -> explanation(List.of(), activations, 0);
            case Target.Against pair -> ofLogits().difference();
            case Target.Predicted any -> ofLogits();
            case Target.TopK any -> ofLogits();
            case Target.Classes any -> ofLogits();
            case Target.ClassesPerImage any -> ofLogits();
            case Target.OneOfEach any -> ofLogits();
            case Target.All any -> ofLogits();
        };
    }

    private Explanation ofLogits() {
        float[] values = new float[maps.extent(0) * targets()];
        for (int i = 0; i < values.length; i++) {
            values[i] = logit(i / targets(), classes.get(i / targets()).get(i % targets()));
        }
        return explanation(classes, values, net.config().logitBias());
    }

    private float logit(int n, int k) {
        return logits[n * net.config().numClasses() + k];
    }

    private Explanation explanation(List<List<Integer>> explained, float[] values, double bias) {
        int k = net.config().numClasses();
        return new Explanation(new Explanation.Contents(
                new Explanation.Scores(k, logits, Probabilities.of(net.loss(), logits, k)),
                new Explanation.Explained(explained, -1, values, bias),
                new Explanation.Maps(
                        maps,
                        channels,
                        perPosition,
                        perChannel,
                        relativeError(net.device().precision()))));
    }

    /** The relative rounding error of a matrix product. bfloat16 has 8 significant bits for each operand, TF32 has 11. */
    private static double relativeError(Precision precision) {
        return switch (precision) {
            case FP32 -> 1e-5;
            case TF32 -> 2e-3;
            case BF16 -> 1e-2;
        };
    }
}

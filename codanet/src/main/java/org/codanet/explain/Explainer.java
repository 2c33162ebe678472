package org.codanet.explain;

import java.util.List;
import java.util.OptionalInt;
import org.codanet.data.batch.ImageBatch;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.ExplanationPass;
import org.codanet.run.HostBuffers;
import org.codanet.run.MemoryPlan;
import org.codanet.run.MicroBatches;
import org.codanet.run.PassCache;

/**
 * Explains a network's logits, or the activation of one unit, by the contributions of pixels and channels: one forward pass, and one
 * back-projection with the dynamic weights held constant.
 *
 * <p>Thread-safe: calls are serialised on the device. Results are reproducible bit for bit. They do not depend on the calling thread, on
 * the image's position in the batch, or on the memory budget. There are two exceptions. A class explained alone may differ in the last
 * bits from the same class explained together with others, and so may all classes if the memory budget suffices for very few of them at
 * once. On a GPU the batch size may also affect the last bits, because small batches split the reduction differently.
 *
 * <p>On a device that supports graph capture, the network keeps the captured passes of recent calls ({@link PassCache}): from the third
 * call of a kind on, a call replays one graph. With a memory budget only one pass is kept. On other devices a call frees all memory that
 * it allocated.
 */
public final class Explainer {
    private final CodaNet net;
    private final long memoryBudget;
    private final MicroBatches microBatches;

    /** An explainer without a memory budget. */
    public Explainer(CodaNet net) {
        this(net, 0);
    }

    /**
     * An explainer that splits images and classes into passes that fit a memory budget. The results do not depend on the budget.
     *
     * @param net the network; the caller closes it after the last call
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; 0 for no limit
     */
    public Explainer(CodaNet net, long memoryBudget) {
        this.net = net;
        this.memoryBudget = memoryBudget;
        this.microBatches = new MicroBatches(net.device(), "explanation");
    }

    /** The contributions of each pixel. */
    public Explanation explain(ImageBatch images, Target target) {
        return explain(images, target, Detail.POSITIONS);
    }

    /**
     * The contributions of each pixel.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param shape its four extents
     * @throws IllegalArgumentException if the shape does not have four extents, or images or target do not fit the network
     */
    public Explanation explain(float[] images, Shape shape, Target target) {
        if (shape.rank() != 4) {
            throw new IllegalArgumentException("explanation: images are (N, C, H, W), given is " + shape);
        }
        return explain(
                ImageBatch.of(images, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3)), target);
    }

    /**
     * The contributions to the values that the target selects for each image.
     *
     * @throws IllegalArgumentException if images, target or detail do not fit the network
     * @throws OutOfMemoryException if memory is short for one target of one image
     */
    public Explanation explain(ImageBatch images, Target target, Detail detail) {
        requireFits(images, target, detail);
        synchronized (net.device()) {
            ExplanationPass whole = split(pass(images, target, detail));
            int atOnce = MemoryPlan.largestBatch(
                    net, whole, memoryBudget, Math.min(net.device().imagesAtOnce(), images.count()));
            ExplanationBuilder explanation = new ExplanationBuilder(net, whole, target);
            microBatches.run(images.count(), atOnce, whole.targetsAtOnce(), (first, count, targetsAtOnce) -> {
                ExplanationPass pass = whole.withImages(count).withTargetsAtOnce(targetsAtOnce);
                List<List<Integer>> classes = named(target, first, count, images.count());
                HostBuffers inputs = target instanceof Target.OneOfEach each
                        ? inputs(
                                pass,
                                each.part(
                                        first,
                                        count,
                                        images.count(),
                                        net.config().numClasses()))
                        : inputs(pass, target, classes);
                explanation.add(first, pass, run(pass, images, first, inputs), classes);
            });
            return explanation.build();
        }
    }

    /**
     * Makes the next calls faster: plans, kernels and workspace are created, and on a device that supports capture the pass is captured.
     * A service calls this before it reports that it is ready. On a CPU several calls help more than one, because the JVM compiles methods
     * that are called often.
     *
     * @param images as many as later calls will pass, with the same extents; their values do not matter
     * @param target as later calls will pass it
     */
    public void warmUp(ImageBatch images, Target target) {
        for (int call = 0; call < (net.device().supportsCapture() ? 2 : 1); call++) {
            explain(images, target);
        }
    }

    private void requireFits(ImageBatch images, Target target, Detail detail) {
        requireLayer(detail.layer());
        named(target, 0, images.count(), images.count());
        if (target instanceof Target.Activation(Unit unit)) {
            requireLayer(unit.layer());
            if (detail.layer() > unit.layer()) {
                throw new IllegalArgumentException("explanation: a unit of layer " + unit.layer()
                        + " does not depend on the input of layer " + detail.layer());
            }
        }
    }

    private void requireLayer(int layer) {
        if (layer >= net.layers().size()) {
            throw new IllegalArgumentException("explanation: there is no layer " + layer + "; the network has 0 to "
                    + (net.layers().size() - 1));
        }
    }

    /** The classes that the target names for some images; empty if logits decide any of them. */
    private List<List<Integer>> named(Target target, int first, int count, int ofImages) {
        int classes = net.config().numClasses();
        if (target instanceof Target.OneOfEach each) {
            each.part(first, count, ofImages, classes);
            return List.of();
        }
        return target.named(first, count, ofImages, classes);
    }

    private ExplanationPass pass(ImageBatch images, Target target, Detail detail) {
        int count = target.count(net.config().numClasses());
        ExplanationPass.Targets targets;
        if (target instanceof Target.Activation(Unit unit)) {
            targets = new ExplanationPass.UnitActivation(unit.layer());
        } else if (target instanceof Target.OneOfEach) {
            targets = new ExplanationPass.NamedOrHighest();
        } else {
            targets = target.isRanked()
                    ? new ExplanationPass.HighestLogits(count)
                    : new ExplanationPass.NamedClasses(count);
        }
        return new ExplanationPass(
                images.part(0, images.count()).form(), detail.layer(), detail.perChannel(), targets, count);
    }

    /** Halves the number of targets that are back-projected together until one image fits the budget, or one target is left. */
    private ExplanationPass split(ExplanationPass pass) {
        ExplanationPass split = pass;
        while (memoryBudget > 0
                && split.targetsAtOnce() > 1
                && MemoryPlan.of(net, split.withImages(1)).totalBytes() > memoryBudget) {
            int atOnce = split.targetsAtOnce();
            int half = (atOnce + 1) / 2;
            // Smaller groups may round differently, so they are used only if nothing else fits.
            int least = net.minUniformTargets(pass.targets().count());
            split = split.withTargetsAtOnce(atOnce > least ? Math.max(half, least) : half);
        }
        return split;
    }

    private HostBuffers inputs(ExplanationPass pass, Target target, List<List<Integer>> classes) {
        HostBuffers inputs = new HostBuffers(pass.inputs(net));
        if (target instanceof Target.Activation(Unit unit)) {
            inputs.set(ExplanationPass.SEEDS, seeds(inputs.layout().shape(ExplanationPass.SEEDS), unit));
        } else if (!target.isRanked()) {
            inputs.set(ExplanationPass.CLASSES, numbers(classes, pass.targets().count()));
        }
        return inputs;
    }

    private HostBuffers inputs(ExplanationPass pass, List<OptionalInt> classes) {
        HostBuffers inputs = new HostBuffers(pass.inputs(net));
        float[] named = new float[classes.size()];
        float[] ranked = new float[classes.size()];
        for (int n = 0; n < named.length; n++) {
            named[n] = classes.get(n).orElse(0);
            ranked[n] = classes.get(n).isPresent() ? 0 : 1;
        }
        inputs.set(ExplanationPass.NAMED, named);
        inputs.set(ExplanationPass.RANKED, ranked);
        return inputs;
    }

    private static float[] numbers(List<List<Integer>> classes, int targets) {
        float[] numbers = new float[classes.size() * targets];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = classes.get(i / targets).get(i % targets);
        }
        return numbers;
    }

    /** 1 at the unit of each image, and 0 elsewhere. @param shape (N, 1, H, W, D) of the layer's output */
    private static float[] seeds(Shape shape, Unit unit) {
        int height = shape.extent(2);
        int width = shape.extent(3);
        int units = shape.extent(4);
        if (unit.y() >= height || unit.x() >= width || unit.channel() >= units) {
            throw new IllegalArgumentException("unit: " + unit + " is outside the layer's output (N, H, W, D) = "
                    + Shape.of(shape.extent(0), height, width, units));
        }
        float[] seeds = new float[Math.toIntExact(shape.elements())];
        for (int n = 0; n < shape.extent(0); n++) {
            seeds[((n * height + unit.y()) * width + unit.x()) * units + unit.channel()] = 1;
        }
        return seeds;
    }

    private HostBuffers run(ExplanationPass pass, ImageBatch images, int first, HostBuffers inputs) {
        PassCache passes = PassCache.of(net);
        int count = pass.images().shape().extent(0);
        return memoryBudget > 0
                ? passes.runAlone(pass, images.part(first, count), inputs)
                : passes.run(pass, images.part(first, count), inputs);
    }
}

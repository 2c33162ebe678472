package org.codanet.explain;

import java.util.List;
import java.util.function.Function;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.MemoryPlan;
import org.codanet.model.NetPass;
import org.codanet.model.Pieces;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Explains a network's logits, or the activation of one unit, by the contributions of pixels and channels: one forward pass
 * and one back-projection through the frozen dynamic weights.
 *
 * <p>Safe for use from several threads, which take turns on the device. The same call gives the same bits, whichever thread
 * asks, at whatever place of a batch an image stands, and whatever the memory budget is; only a class explained alone and the
 * same class among others may differ in the last bits. A GPU shares out few images in another way than many: there the number of
 * images at a time may show in the last bits, too.
 *
 * <p>Every call gives back all the memory that it took, except on a device that records steps: there the network keeps what
 * some kinds of call need ({@link CodaNet#steps}), and from the third call of a kind on the device is asked to replay one
 * recording. With a memory budget one kind is kept.
 */
public final class Explainer {
    private static final int BATCH = 16;

    /**
     * Devices compute many classes in another way than few, with other rounding. From five classes on it is the same way for
     * every layer of rank 4 or more, so groups of at least five give the same bits as all classes at once.
     */
    private static final int LEAST_TARGETS = 5;

    private final CodaNet net;
    private final long memoryBudget;
    private final Pieces pieces;

    /** An explainer without a bound on memory other than the device's own. */
    public Explainer(CodaNet net) {
        this(net, 0);
    }

    /**
     * An explainer that works on so many images and classes at a time as fit a budget; the results do not depend on it.
     *
     * @param net closed by its owner, after the last call
     * @param memoryBudget native bytes, the network's weights included; 0 sets no bound
     */
    public Explainer(CodaNet net, long memoryBudget) {
        this.net = net;
        this.memoryBudget = memoryBudget;
        this.pieces = new Pieces(net.device(), "explanation");
    }

    /** The contributions of each pixel. */
    public Explanation explain(ImageBatch images, Target target) {
        return explain(images, target, Detail.POSITIONS);
    }

    /**
     * The contributions of each pixel.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param shape four extents
     * @throws IllegalArgumentException if the shape has others, or images or target do not fit the network
     */
    public Explanation explain(float[] images, Shape shape, Target target) {
        if (shape.rank() != 4) {
            throw new IllegalArgumentException("explanation: images are (N, C, H, W), given is " + shape);
        }
        return explain(
                ImageBatch.of(images, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3)), target);
    }

    /**
     * Contributions to the logits of the target's classes.
     *
     * @throws IllegalArgumentException if images, target or detail do not fit the network
     * @throws OutOfMemoryException if the device has no room for one image and one class at a time
     */
    public Explanation explain(ImageBatch images, Target target, Detail detail) {
        requireLayer(detail.layer());
        int classes = net.config().numClasses();
        // Refuses an impossible target before any work is done.
        target.named(0, images.count(), images.count(), classes);
        ExplanationParts parts = new ExplanationParts(images.count());
        synchronized (net.device()) {
            Split split = split(images, target.width(classes), detail);
            pieces.run(
                    images.count(),
                    split.batch(),
                    (first, count) -> explainInRoom(images, first, count, target, detail, split.targets(), parts));
        }
        return finish(parts, target);
    }

    /**
     * Does once what later calls need not do again: plans, kernels, working memory and, where the device records steps, the
     * recording for explanations like one of {@code images}. A service calls this before it says that it is ready. The JVM
     * compiles what is called often, so on a CPU several calls make the next ones faster still.
     *
     * @param images of the number and size that will come; their values do not matter
     * @param target as it will be asked for
     */
    public void warmUp(ImageBatch images, Target target) {
        for (int call = 0; call < (net.device().supportsCapture() ? 2 : 1); call++) {
            explain(images, target);
        }
    }

    /** {@link #explain}; one image whose classes have no room together in groups of half as many. */
    private void explainInRoom(
            ImageBatch images, int first, int count, Target target, Detail detail, int atOnce, ExplanationParts parts) {
        try {
            explain(images, first, count, target, detail, atOnce, parts);
        } catch (OutOfMemoryException noRoom) {
            if (count > 1 || atOnce == 1) {
                throw noRoom;
            }
            int fewer = (atOnce + 1) / 2;
            net.device().trimMemory();
            net.device()
                    .reportSelection(
                            "explanation: " + fewer + " classes at a time; for " + atOnce + ": " + noRoom.getMessage());
            explainInRoom(images, first, count, target, detail, fewer, parts);
        }
    }

    private void explain(
            ImageBatch images,
            int first,
            int count,
            Target target,
            Detail detail,
            int targetsAtOnce,
            ExplanationParts parts) {
        int classes = net.config().numClasses();
        RawImages some = images.part(first, count);
        ExplanationStep.Request request = new ExplanationStep.Request(
                some.form(), detail, target.isRanked(), target.width(classes), targetsAtOnce);
        List<List<Integer>> named = target.named(first, count, images.count(), classes);
        Function<Scope, ExplanationStep> make = scope -> new ExplanationStep(net, request, LEAST_TARGETS, scope);
        Function<ExplanationStep, ExplanationStep.Outcome> run = step -> step.run(some, named);
        ExplanationStep.Outcome outcome = memoryBudget > 0
                ? net.steps().useAlone(request, make, run)
                : net.steps().use(request, make, run);
        parts.begin(outcome.groups().getFirst(), request.width(), outcome.logits(), outcome.classes());
        for (ExplanationStep.Group group : outcome.groups()) {
            parts.add(group, outcome.all());
        }
    }

    /**
     * Contributions to the activation of one unit of one layer, for each image.
     *
     * @param detail which layer's input is explained, at most the unit's own layer
     * @throws IllegalArgumentException if there is no such unit for images of this size
     */
    public Explanation explainUnit(ImageBatch images, Unit unit, Detail detail) {
        requireLayer(unit.layer());
        if (detail.layer() > unit.layer()) {
            throw new IllegalArgumentException("explanation: the input of layer " + detail.layer()
                    + " lies above the output of layer " + unit.layer());
        }
        synchronized (net.device()) {
            ExplanationParts parts = new ExplanationParts(images.count());
            Split split = split(images, 1, detail);
            pieces.run(images.count(), split.batch(), (first, count) -> {
                try (Scope scope = Scope.open("explain unit")) {
                    Tensor input = net.input(
                            images.values(first, count), images.shape().withFirst(count), scope);
                    NetPass pass = net.forward(input, Purpose.EXPLANATION, scope);
                    Tensor x = pass.layers().activation(detail.layer());
                    Tensor map =
                            net.backProject(pass, selector(pass, unit, scope), unit.layer(), detail.layer(), scope);
                    ExplanationStep.Group group = ExplanationStep.Group.of(0, 1, x.shape(), detail.perChannel(), 0);
                    Tensor results = net.device().allocate(scope, Shape.of(group.end()));
                    group.write(net.device().contributionMap(scope), x, map, results);
                    parts.addValues(activations(pass, unit));
                    parts.begin(group, 1, downloaded(pass.logits()), List.of());
                    parts.add(group, downloaded(results));
                }
            });
            return new Explanation(
                    parts.contents(net, probabilities(parts.logits()), List.of(), -1, parts.values(), 0));
        }
    }

    private float[] activations(NetPass pass, Unit unit) {
        Tensor output = pass.layers().activation(unit.layer() + 1);
        float[] all = downloaded(output);
        Shape shape = output.shape();
        float[] values = new float[shape.extent(0)];
        for (int n = 0; n < values.length; n++) {
            values[n] = all[index(shape, n, unit)];
        }
        return values;
    }

    private Tensor selector(NetPass pass, Unit unit, Scope scope) {
        Shape shape = pass.layers().activation(unit.layer() + 1).shape();
        float[] ones = new float[Math.toIntExact(shape.elements())];
        for (int n = 0; n < shape.extent(0); n++) {
            ones[index(shape, n, unit)] = 1;
        }
        Tensor selector = net.device()
                .allocate(scope, Shape.of(shape.extent(0), 1, shape.extent(1), shape.extent(2), shape.extent(3)));
        net.device().upload(ones, selector);
        return selector;
    }

    private static int index(Shape shape, int n, Unit unit) {
        if (unit.y() >= shape.extent(1) || unit.x() >= shape.extent(2) || unit.channel() >= shape.extent(3)) {
            throw new IllegalArgumentException(
                    "unit: " + unit + " is outside the layer's output (N, H, W, D) = " + shape);
        }
        return ((n * shape.extent(1) + unit.y()) * shape.extent(2) + unit.x()) * shape.extent(3) + unit.channel();
    }

    private Explanation finish(ExplanationParts parts, Target target) {
        float[] logits = parts.logits();
        int classes = net.config().numClasses();
        List<List<Integer>> explained = parts.classes();
        int against = -1;
        double bias = net.config().logitBias();
        if (target instanceof Target.Against pair) {
            parts.subtractSecond();
            explained = explained.stream().map(list -> list.subList(0, 1)).toList();
            against = pair.opposed();
            bias = 0;
        }
        float[] values = new float[explained.size() * explained.getFirst().size()];
        int at = 0;
        for (int n = 0; n < explained.size(); n++) {
            for (int k : explained.get(n)) {
                values[at++] = logits[n * classes + k] - (against < 0 ? 0 : logits[n * classes + against]);
            }
        }
        return new Explanation(parts.contents(net, probabilities(logits), explained, against, values, bias));
    }

    private float[] probabilities(float[] logits) {
        return Probabilities.of(net.loss(), logits, net.config().numClasses());
    }

    /** How many images and how many classes of each go through at a time. */
    private record Split(int batch, int targets) {}

    private Split split(ImageBatch images, int targets, Detail detail) {
        int most = Math.min(BATCH, images.count());
        MemoryPlan.Work work = MemoryPlan.Work.explanation(
                1, images.shape().extent(2), images.shape().extent(3), targets, detail.perChannel());
        int atOnce = targets;
        while (memoryBudget > 0
                && atOnce > 1
                && MemoryPlan.of(net, work.withTargets(atOnce)).totalBytes() > memoryBudget) {
            atOnce = (atOnce + 1) / 2;
        }
        return new Split(MemoryPlan.largestBatch(net, work.withTargets(atOnce), memoryBudget, most), atOnce);
    }

    private void requireLayer(int layer) {
        if (layer >= net.layers().size()) {
            throw new IllegalArgumentException("explanation: there is no layer " + layer + "; the network has 0 to "
                    + (net.layers().size() - 1));
        }
    }

    private float[] downloaded(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        net.device().download(tensor, values);
        return values;
    }
}

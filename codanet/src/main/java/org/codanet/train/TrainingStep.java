package org.codanet.train;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Ranking;
import org.codanet.model.CodaNet;
import org.codanet.model.NetInput;
import org.codanet.model.NetPass;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.ReplayedWork;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.run.HostBuffers;
import org.codanet.run.MemoryPlan;
import org.codanet.run.PassCache;
import org.codanet.run.TrainingPass;

/**
 * The arithmetic of training without the loop: gradient accumulation over micro-batches, and the update of the weights by Adam. Owns the
 * optimiser's operations; the moments belong to the network's parameters.
 */
public final class TrainingStep implements AutoCloseable {
    private final CodaNet net;
    private final TrainingRecipe recipe;
    private final Device device;
    private final Scope scope;
    private final Adam adam;
    private final Tensor norm;
    private final ReplayedWork optimise;
    private final Set<TrainingPass> passes = new HashSet<>();
    private final long memoryBudget;
    private int largest = Integer.MAX_VALUE;
    private boolean clean;
    private long updates;

    /**
     * Prepares a network for training. Its gradients are set to zero.
     *
     * @param parent owner of the optimiser, until {@link #close}
     * @param memoryBudget the most native memory to use, in bytes, the network's weights included; passes take as few images as that
     *     needs; 0 for no limit
     */
    public TrainingStep(CodaNet net, TrainingRecipe recipe, Scope parent, long memoryBudget) {
        this.net = net;
        this.recipe = recipe;
        this.device = net.device();
        this.memoryBudget = memoryBudget;
        this.scope = parent.child("optimiser");
        net.forTraining();
        this.adam = device.adam(scope);
        this.norm = device.allocate(scope, Shape.of(1));
        List<Adam.Slot> slots = net.parameters().stream()
                .map(p -> new Adam.Slot(p.value(), p.gradient(), p.mean(), p.variance()))
                .toList();
        this.optimise = new ReplayedWork(device, scope, () -> adam.step(slots, norm));
        dropGradients();
    }

    /**
     * The result of one micro-batch.
     *
     * @param loss mean over its images, the regulariser included
     * @param correct number of images whose label has the highest logit
     */
    public record Outcome(double loss, int correct) {}

    /** Optimiser updates so far. */
    public long updates() {
        return updates;
    }

    /** Continues the count of a checkpoint. */
    void resumeAt(long updatesBefore) {
        updates = updatesBefore;
    }

    /**
     * Adds the gradient of a micro-batch's mean loss, times its share of the virtual batch, to the parameters' gradients.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param shape four extents
     * @param labels of the images
     * @param draw seed that decides the regulariser's other classes
     * @throws TrainingException naming the layer, if a value is not finite
     */
    public Outcome accumulate(float[] images, Shape shape, List<Integer> labels, long draw) {
        return accumulate(new RawImages.Floats(images, shape), labels, draw);
    }

    /**
     * Adds the gradient of a micro-batch's mean loss, times its share of the virtual batch, to the parameters' gradients.
     *
     * @param images whose arrays the caller may reuse when this returns
     * @param labels of the images
     * @param draw seed that decides the regulariser's other classes
     * @throws TrainingException naming the layer, if a value is not finite
     * @throws OutOfMemoryException if memory is short for so many images, saying how many would fit; the gradients are then incomplete,
     *     see {@link #dropGradients}
     */
    public Outcome accumulate(RawImages images, List<Integer> labels, long draw) {
        int n = images.count();
        Shape shape = images.shape();
        if (labels.size() != n) {
            throw new IllegalArgumentException("training: " + n + " images have " + labels.size() + " labels");
        }
        List<Integer> others =
                recipe.lambda() > 0 ? OtherClass.draw(labels, net.config().numClasses(), draw) : labels;
        TrainingPass whole = new TrainingPass(images.form(), recipe.loss(), recipe.virtualBatch(), recipe.lambda());
        int planned = MemoryPlan.largestBatch(net, whole, memoryBudget, n);
        double lossSum = 0;
        int correct = 0;
        int first = 0;
        while (first < n) {
            int count = Math.min(Math.min(planned, largest), n - first);
            try {
                Outcome outcome = run(
                        whole.withImages(count),
                        images.part(first, count),
                        labels.subList(first, first + count),
                        others.subList(first, first + count));
                lossSum += outcome.loss() * count;
                correct += outcome.correct();
                first += count;
                clean = false;
            } catch (OutOfMemoryException shortage) {
                takeFewer(whole.withImages(count), shortage);
            }
        }
        return new Outcome(lossSum / n, correct);
    }

    private Outcome run(TrainingPass pass, RawImages images, List<Integer> labels, List<Integer> others) {
        requireClasses(labels);
        passes.add(pass);
        HostBuffers inputs = new HostBuffers(pass.inputs(net));
        inputs.set(TrainingPass.LABELS, numbers(labels));
        if (pass.isRegularised()) {
            float[] pairs = new float[2 * labels.size()];
            for (int i = 0; i < labels.size(); i++) {
                pairs[2 * i] = labels.get(i);
                pairs[2 * i + 1] = others.get(i);
            }
            inputs.set(TrainingPass.REGULARISED, pairs);
        }
        // Alone: a pass that fails halfway because memory is short has added to the gradients, and must not be
        // repeated.
        HostBuffers results = PassCache.of(net).runAlone(pass, images, inputs);
        double loss = pass.loss(net, results);
        if (!Double.isFinite(loss)) {
            throw new TrainingException("training: " + whatIsNotFinite(images, loss) + ", after " + updates
                    + " updates; a lower learning rate or a bound on the gradient norm may help");
        }
        return new Outcome(loss, correct(results.get(TrainingPass.LOGITS), labels));
    }

    private static float[] numbers(List<Integer> labels) {
        float[] numbers = new float[labels.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = labels.get(i);
        }
        return numbers;
    }

    /** Runs forward once more to find the layer that made the loss of these images not finite. */
    private String whatIsNotFinite(RawImages images, double loss) {
        try (Scope own = scope.child("search")) {
            NetInput input = new NetInput(net, images.form(), own);
            input.upload(images);
            NetPass pass = net.forward(input.write(own), Purpose.TRAINING, own);
            return net.firstNotFinite(pass)
                    .map(name -> "the output of layer " + name + " is not finite")
                    .orElse("the loss is " + loss + ", though every layer's output is finite");
        }
    }

    /**
     * Continues with fewer images at a time after memory was short. A plan leaves small things out, so a pass may need a little more than
     * its budget. Without a budget, training does not split the batch as explanations do: the sums over a batch would then have other bits
     * depending on how full a GPU is.
     *
     * @throws OutOfMemoryException unless there is a budget, nothing has been added to the gradients yet, and fewer images would fit
     */
    private void takeFewer(TrainingPass pass, OutOfMemoryException shortage) {
        int count = pass.images().shape().extent(0);
        int fits = count == 1 ? 0 : MemoryPlan.imagesWithin(net, pass, freeForPass(pass, shortage), count - 1);
        if (fits == 0) {
            throw new OutOfMemoryException(shortage, "training has no room for one image at a time");
        }
        if (memoryBudget == 0 || !clean) {
            throw new OutOfMemoryException(
                    shortage, "training took " + count + " images at a time; by its plan " + fits + " would fit");
        }
        dropGradients();
        device.trimMemory();
        largest = fits;
        device.reportSelection(
                "training: " + largest + " images at a time; for " + count + ": " + shortage.getMessage());
    }

    /** Bytes that a plan of a pass may have: what this one's plan left out is needed again, and at least what was missing has to go. */
    private long freeForPass(TrainingPass pass, OutOfMemoryException shortage) {
        long missing = shortage.requestedBytes() - shortage.availableBytes();
        return Math.min(shortage.capacityBytes(), MemoryPlan.of(net, pass).totalBytes() - missing);
    }

    private void requireClasses(List<Integer> labels) {
        int classes = net.config().numClasses();
        for (int label : labels) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException(
                        "training: label " + label + " of a network with " + classes + " classes");
            }
        }
    }

    private int correct(float[] logits, List<Integer> labels) {
        int classes = net.config().numClasses();
        int correct = 0;
        for (int n = 0; n < labels.size(); n++) {
            correct += Ranking.rankOf(labels.get(n), logits, n * classes, classes) == 0 ? 1 : 0;
        }
        return correct;
    }

    /**
     * Updates the weights with the gradients, and sets the gradients to zero.
     *
     * @param rate learning rate
     * @return norm of all gradients before clipping
     * @throws TrainingException naming the first parameter with a value that is not finite
     */
    public double update(double rate) {
        adam.next(new Adam.Step(
                rate,
                recipe.optimiser().beta1(),
                recipe.optimiser().beta2(),
                recipe.optimiser().epsilon(),
                recipe.optimiser().weightDecay(),
                updates + 1,
                recipe.optimiser().maxNorm()));
        optimise.run();
        clean = true;
        net.weightsChanged();
        updates++;
        double before = scalar(norm);
        if (!Double.isFinite(before)) {
            String names = net.parameters().stream()
                    .filter(p -> !device.elementwise().allFinite(p.value()))
                    .map(Parameter::name)
                    .limit(1)
                    .collect(Collectors.joining());
            throw new TrainingException("training: the gradient's norm is " + before + " in update " + updates
                    + (names.isEmpty() ? "" : ", first seen in parameter " + names)
                    + "; a lower learning rate or a bound on the gradient norm may help");
        }
        return before;
    }

    /** Sets the gradients to zero. */
    public void dropGradients() {
        net.parameters().forEach(p -> device.elementwise().fill(p.gradient(), 0));
        clean = true;
    }

    private double scalar(Tensor tensor) {
        float[] value = new float[1];
        device.download(tensor, value);
        return value[0];
    }

    @Override
    public void close() {
        passes.forEach(PassCache.of(net)::evict);
        scope.close();
    }
}

package org.codanet.train;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Ranking;
import org.codanet.model.CodaNet;
import org.codanet.model.MemoryPlan;
import org.codanet.model.NetStep;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.Loss;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.recipe.TrainingRecipe;

/**
 * The arithmetic of training without its loop: micro-batches add to the gradients, updates use them up. Owns the optimiser's
 * operations; the moments belong to the network's parameters.
 */
public final class TrainingStep implements AutoCloseable {
    private final CodaNet net;
    private final TrainingRecipe recipe;
    private final Device device;
    private final Scope scope;
    private final Loss loss;
    private final Adam adam;
    private final Tensor norm;
    private final NetStep optimise;
    private final Set<Key> passes = new HashSet<>();
    private final long memoryBudget;
    private int most = Integer.MAX_VALUE;
    private boolean clean;
    private long updates;

    /**
     * Prepares a network for training, its gradients zero.
     *
     * @param parent owner of the optimiser, until {@link #close}
     * @param memoryBudget native bytes that a pass must keep to by taking fewer images at a time; 0 sets no bound
     */
    public TrainingStep(CodaNet net, TrainingRecipe recipe, Scope parent, long memoryBudget) {
        this.net = net;
        this.recipe = recipe;
        this.device = net.device();
        this.memoryBudget = memoryBudget;
        this.scope = parent.child("optimiser");
        net.forTraining();
        this.loss = device.loss(scope, recipe.loss());
        this.adam = device.adam(scope);
        this.norm = device.allocate(scope, Shape.of(1));
        List<Adam.Slot> slots = net.parameters().stream()
                .map(p -> new Adam.Slot(p.value(), p.gradient(), p.mean(), p.variance()))
                .toList();
        this.optimise = new NetStep(device, scope, () -> adam.step(slots, norm));
        dropGradients();
    }

    /** What a pass is kept under: this trainer's, for images of one form. */
    private record Key(TrainingStep owner, RawImages.Form images) {
        @Override
        public String toString() {
            return "train " + images;
        }
    }

    /**
     * What one micro-batch gave.
     *
     * @param loss mean over its images, the regulariser included
     * @param correct images whose highest logit is their label's
     */
    public record Outcome(double loss, int correct) {}

    /** Optimiser updates so far. */
    public long updates() {
        return updates;
    }

    /** Goes on counting where a checkpoint left off. */
    void resumeAt(long updatesBefore) {
        updates = updatesBefore;
    }

    /**
     * Adds the gradient of a micro-batch's mean loss, times its share of the virtual batch, to the parameters' gradients.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param shape four extents
     * @param labels of the images
     * @param draw decides the regulariser's other classes
     * @throws TrainingException naming the layer, if a value is not finite
     */
    public Outcome accumulate(float[] images, Shape shape, List<Integer> labels, long draw) {
        return accumulate(new RawImages.Floats(images, shape), labels, draw);
    }

    /**
     * Adds the gradient of a micro-batch's mean loss, times its share of the virtual batch, to the parameters' gradients.
     *
     * @param images their arrays may be filled again when this returns
     * @param labels of the images
     * @param draw decides the regulariser's other classes
     * @throws TrainingException naming the layer, if a value is not finite
     * @throws OutOfMemoryException if the device has no room for so many, saying how many would fit; the gradients are then of no use,
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
        int planned = MemoryPlan.largestBatch(net, work(shape), memoryBudget, n);
        double lossSum = 0;
        int correct = 0;
        int first = 0;
        while (first < n) {
            int count = Math.min(Math.min(planned, most), n - first);
            try {
                Outcome outcome = pass(
                        images.part(first, count),
                        labels.subList(first, first + count),
                        others.subList(first, first + count));
                lossSum += outcome.loss() * count;
                correct += outcome.correct();
                first += count;
                clean = false;
            } catch (OutOfMemoryException noRoom) {
                takeFewer(count, shape, noRoom);
            }
        }
        return new Outcome(lossSum / n, correct);
    }

    private Outcome pass(RawImages images, List<Integer> labels, List<Integer> others) {
        requireClasses(labels);
        Key key = new Key(this, images.form());
        passes.add(key);
        double share = (double) labels.size() / recipe.virtualBatch();
        // Alone: a pass that ends halfway for want of room has added to the gradients, and cannot be tried again.
        return net.steps()
                .useAlone(
                        key,
                        owner -> new TrainingPass(net, loss, images.form(), share, recipe.lambda(), owner),
                        pass -> outcome(pass, images, labels, others));
    }

    private MemoryPlan.Work work(Shape images) {
        return MemoryPlan.Work.training(1, images.extent(2), images.extent(3), recipe.lambda() > 0);
    }

    /**
     * Plans leave small things out, so that a pass may need a little more than its budget. Without a budget training is not split, as
     * explanations are: the sums over a batch would have other bits whenever a card is fuller.
     *
     * @throws OutOfMemoryException unless there is a budget, nothing has been added to the gradients yet, and fewer images would fit
     */
    private void takeFewer(int count, Shape images, OutOfMemoryException noRoom) {
        int fits = count == 1 ? 0 : MemoryPlan.imagesWithin(net, work(images), room(count, images, noRoom), count - 1);
        if (fits == 0) {
            throw new OutOfMemoryException(noRoom, "training has no room for one image at a time");
        }
        if (memoryBudget == 0 || !clean) {
            throw new OutOfMemoryException(
                    noRoom, "training took " + count + " images at a time; by its plan " + fits + " would fit");
        }
        dropGradients();
        device.trimMemory();
        most = fits;
        device.reportSelection("training: " + most + " images at a time; for " + count + ": " + noRoom.getMessage());
    }

    /** What a plan left out was needed too, and at least what was missing has to go. */
    private long room(int count, Shape images, OutOfMemoryException noRoom) {
        long missing = noRoom.requestedBytes() - noRoom.availableBytes();
        long planned = MemoryPlan.of(net, work(images).withBatch(count)).totalBytes();
        return Math.min(noRoom.capacityBytes(), planned - missing);
    }

    private Outcome outcome(TrainingPass pass, RawImages images, List<Integer> labels, List<Integer> others) {
        TrainingPass.Outcome outcome = pass.run(images, labels, others);
        if (!Double.isFinite(outcome.loss())) {
            throw new TrainingException("training: " + pass.whatIsNotFinite(outcome.loss()) + ", after " + updates
                    + " updates; a lower learning rate or a bound on the gradient norm may help");
        }
        return new Outcome(outcome.loss(), correct(outcome.logits(), labels));
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
     * Lets the optimiser use the gradients, and clears them.
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

    /** Forgets what micro-batches have added. */
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
        passes.forEach(net.steps()::drop);
        scope.close();
    }
}

package org.codanet.train;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.codanet.data.batch.RawImages;
import org.codanet.evaluate.Ranking;
import org.codanet.model.NetInput;
import org.codanet.model.NetPass;
import org.codanet.model.Network;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.run.HostBuffers;
import org.codanet.run.MemoryPlan;
import org.codanet.run.PassCache;
import org.codanet.run.TrainingPass;

/**
 * Adds the gradients of micro-batches to the gradients of a network's parameters. With a memory budget a micro-batch is split into smaller
 * passes. The sum of their gradients is that of the whole micro-batch, except for rounding.
 */
final class GradientAccumulation implements AutoCloseable {
    private final Network net;
    private final TrainingRecipe recipe;
    private final Device device;
    private final long memoryBudget;
    private final Set<TrainingPass> passes = new HashSet<>();
    private int largest = Integer.MAX_VALUE;
    private boolean zero;

    /** Sets the gradients to zero. @param memoryBudget in bytes; 0 for no limit */
    GradientAccumulation(Network net, TrainingRecipe recipe, long memoryBudget) {
        this.net = net;
        this.recipe = recipe;
        this.device = net.device();
        this.memoryBudget = memoryBudget;
        drop();
    }

    /**
     * Adds the gradient of one micro-batch, see {@link TrainingStep#accumulate(RawImages, List, long)}.
     *
     * @param updates of the weights so far, for messages
     */
    TrainingStep.Outcome add(RawImages images, List<Integer> labels, long draw, long updates) {
        int n = images.count();
        if (labels.size() != n) {
            throw new IllegalArgumentException("training: " + n + " images have " + labels.size() + " labels");
        }
        requireClasses(labels);
        boolean weighted = !recipe.classWeights().isEmpty();
        TrainingPass whole =
                new TrainingPass(images.form(), recipe.loss(), recipe.virtualBatch(), recipe.lambda(), weighted);
        List<Integer> others =
                whole.isRegularised() ? OtherClass.draw(labels, net.config().numClasses(), draw) : labels;
        int planned = MemoryPlan.largestBatch(net, whole, memoryBudget, n);
        double lossSum = 0;
        int correct = 0;
        int first = 0;
        while (first < n) {
            int count = Math.min(Math.min(planned, largest), n - first);
            TrainingPass part = whole.withImages(count);
            int end = first + count;
            try {
                TrainingStep.Outcome outcome = run(
                        part,
                        images.part(first, count),
                        labels.subList(first, end),
                        others.subList(first, end),
                        updates);
                lossSum += outcome.loss() * count;
                correct += outcome.correct();
                first = end;
                zero = false;
            } catch (OutOfMemoryException shortage) {
                takeFewer(part, shortage);
            }
        }
        return new TrainingStep.Outcome(lossSum / n, correct);
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

    private TrainingStep.Outcome run(
            TrainingPass pass, RawImages images, List<Integer> labels, List<Integer> others, long updates) {
        passes.add(pass);
        HostBuffers inputs = new HostBuffers(pass.inputs(net));
        float[] classes = new float[labels.size()];
        float[] regularised = new float[2 * labels.size()];
        for (int i = 0; i < labels.size(); i++) {
            classes[i] = labels.get(i);
            regularised[2 * i] = labels.get(i);
            regularised[2 * i + 1] = others.get(i);
        }
        inputs.set(TrainingPass.LABELS, classes);
        if (pass.weighted()) {
            float[] weights = new float[labels.size()];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = recipe.classWeights().get(labels.get(i)).floatValue();
            }
            inputs.set(TrainingPass.WEIGHTS, weights);
        }
        if (pass.isRegularised()) {
            inputs.set(TrainingPass.REGULARISED, regularised);
        }
        // runAlone never repeats a pass: a pass that fails halfway has already added to the gradients.
        HostBuffers results = PassCache.of(net).runAlone(pass, images, inputs);
        double loss = pass.loss(net, results);
        if (!Double.isFinite(loss)) {
            throw new TrainingException("training: " + whatIsNotFinite(images, loss) + ", after " + updates
                    + " updates; a lower learning rate or a bound on the gradient norm may help");
        }
        return new TrainingStep.Outcome(loss, correct(results.get(TrainingPass.LOGITS), labels));
    }

    private int correct(float[] logits, List<Integer> labels) {
        int classes = net.config().numClasses();
        int correct = 0;
        for (int n = 0; n < labels.size(); n++) {
            correct += Ranking.rankOf(labels.get(n), logits, n * classes, classes) == 0 ? 1 : 0;
        }
        return correct;
    }

    /** Runs the forward pass again to find the first layer whose output for these images is not finite. */
    private String whatIsNotFinite(RawImages images, double loss) {
        try (Scope scope = Scope.open("search")) {
            NetInput input = new NetInput(net, images.form(), scope);
            input.upload(images);
            NetPass pass = net.forward(input.write(scope), Purpose.TRAINING, scope);
            return net.firstNotFinite(pass)
                    .map(name -> "the output of layer " + name + " is not finite")
                    .orElse("the loss is " + loss + ", though every layer's output is finite");
        }
    }

    /**
     * Continues with fewer images at a time after memory was short. A plan does not count everything, so a pass may need slightly more than
     * its budget. Without a budget, training does not split the batch as explanations do, because the last bits of the sums over a batch
     * would then depend on the free memory of the GPU.
     *
     * @throws OutOfMemoryException unless there is a budget, nothing has been added to the gradients yet, and fewer images would fit
     */
    private void takeFewer(TrainingPass pass, OutOfMemoryException shortage) {
        int count = pass.images().shape().extent(0);
        int fits = count == 1 ? 0 : MemoryPlan.imagesWithin(net, pass, freeForPass(pass, shortage), count - 1);
        if (fits == 0) {
            throw new OutOfMemoryException(shortage, "training needs more memory even for one image at a time");
        }
        if (memoryBudget == 0 || !zero) {
            throw new OutOfMemoryException(
                    shortage, "training took " + count + " images at a time; by its plan " + fits + " would fit");
        }
        drop();
        device.trimMemory();
        largest = fits;
        device.reportSelection(
                "training: " + largest + " images at a time; for " + count + ": " + shortage.getMessage());
    }

    /**
     * Bytes that the plan of a smaller pass may have. The memory that the plan does not count is needed again, and at least the missing
     * bytes must be saved.
     */
    private long freeForPass(TrainingPass pass, OutOfMemoryException shortage) {
        long missing = shortage.requestedBytes() - shortage.availableBytes();
        return Math.min(shortage.capacityBytes(), MemoryPlan.of(net, pass).totalBytes() - missing);
    }

    /** Sets the gradients to zero. */
    void drop() {
        net.parameters().forEach(p -> device.elementwise().fill(p.gradient(), 0));
        zero = true;
    }

    /** Must be called after the optimiser has read the gradients and set them to zero. */
    void used() {
        zero = true;
    }

    /** Frees the captured passes. */
    @Override
    public void close() {
        passes.forEach(PassCache.of(net)::evict);
    }
}

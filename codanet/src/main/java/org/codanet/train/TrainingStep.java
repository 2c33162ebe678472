package org.codanet.train;

import java.util.List;
import java.util.stream.Collectors;
import org.codanet.data.batch.RawImages;
import org.codanet.model.Network;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.ReplayedWork;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.recipe.TrainingRecipe;

/**
 * The arithmetic of training without the loop: gradient accumulation over micro-batches, and the update of the weights by Adam. Owns the
 * optimiser's operations; the moments belong to the network's parameters.
 */
public final class TrainingStep implements AutoCloseable {
    private final Network net;
    private final TrainingRecipe recipe;
    private final Device device;
    private final Scope scope;
    private final Adam adam;
    private final Tensor norm;
    private final ReplayedWork optimise;
    private final GradientAccumulation gradients;
    private long updates;

    /**
     * Prepares a network for training. Its gradients are set to zero.
     *
     * @param parent owner of the optimiser, until {@link #close}
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; batches are split into
     *     passes that fit; 0 for no limit
     */
    public TrainingStep(Network net, TrainingRecipe recipe, Scope parent, long memoryBudget) {
        this.net = net;
        this.recipe = recipe;
        this.device = net.device();
        this.scope = parent.child("optimiser");
        net.forTraining();
        this.adam = device.adam(scope);
        this.norm = device.allocate(scope, Shape.of(1));
        List<Adam.Slot> slots = net.parameters().stream()
                .map(p -> new Adam.Slot(p.value(), p.gradient(), p.mean(), p.variance()))
                .toList();
        this.optimise = new ReplayedWork(device, scope, () -> adam.step(slots, norm));
        this.gradients = new GradientAccumulation(net, recipe, memoryBudget);
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

    /** Sets the number of updates to that of a checkpoint. */
    void resumeAt(long updatesBefore) {
        updates = updatesBefore;
    }

    /**
     * Adds the gradient of a micro-batch's mean loss, times its share of the virtual batch, to the parameters' gradients.
     *
     * @param images (N, C, H, W) in [0, 1]
     * @param shape four extents
     * @param labels of the images
     * @param draw seed from which the regulariser's other classes are drawn
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
     * @param draw seed from which the regulariser's other classes are drawn
     * @throws TrainingException naming the layer, if a value is not finite
     * @throws OutOfMemoryException if memory is short for this number of images; the message says how many would fit. The gradients are
     *     then incomplete, see {@link #dropGradients}
     */
    public Outcome accumulate(RawImages images, List<Integer> labels, long draw) {
        return gradients.add(images, labels, draw, updates);
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
        gradients.used();
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
        gradients.drop();
    }

    private double scalar(Tensor tensor) {
        float[] value = new float[1];
        device.download(tensor, value);
        return value[0];
    }

    @Override
    public void close() {
        gradients.close();
        scope.close();
    }
}

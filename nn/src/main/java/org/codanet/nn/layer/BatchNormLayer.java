package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.Extents;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link BatchNorm} with its weights γ and β and its running statistics. A pass for {@link Purpose#TRAINING} normalises by the batch and
 * updates the statistics. All other passes normalise by the statistics.
 */
public final class BatchNormLayer implements Layer {
    private final String name;
    private final Device device;
    private final BatchNorm operation;
    private final Parameter scale;
    private final Parameter shift;
    private final Parameter mean;
    private final Parameter variance;

    /**
     * A layer with undefined weights and statistics, owned by {@code scope}.
     *
     * @param name prefix of the names of the weights
     */
    public BatchNormLayer(String name, Device device, Scope scope, BatchNormShape shape) {
        this.name = name;
        this.device = device;
        this.operation = device.batchNorm(scope, shape);
        Shape vector = Shape.of(shape.channels());
        this.scale = new Parameter(name + ".weight", device, scope, vector, 1);
        this.shift = new Parameter(name + ".bias", device, scope, vector, 1);
        this.mean = new Parameter(name + ".running_mean", device, scope, vector, 1);
        this.variance = new Parameter(name + ".running_var", device, scope, vector, 1);
    }

    /** {@code saved} is null unless the pass was run for training. */
    private record ForwardPass(Tensor input, Tensor output, Tensor saved) implements Pass {}

    @Override
    public String name() {
        return name + " batch norm";
    }

    @Override
    public Shape outputShape(Shape input) {
        Extents.requireChannelsLast("batch norm", input, operation.shape().channels());
        return input;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(scale, shift);
    }

    /** Running mean and running variance. */
    @Override
    public List<Parameter> statistics() {
        return List.of(mean, variance);
    }

    /** Does nothing: nothing is derived from the weights. */
    @Override
    public void prepare(Purpose purpose) {}

    private BatchNorm.Weights weights() {
        return new BatchNorm.Weights(scale.value(), shift.value());
    }

    private BatchNorm.Statistics running() {
        return new BatchNorm.Statistics(mean.value(), variance.value());
    }

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, x.shape());
        if (purpose != Purpose.TRAINING) {
            operation.forward(x, weights(), running(), y);
            return new ForwardPass(x, y, null);
        }
        Tensor saved = device.allocate(scope, Shape.of(2, operation.shape().channels()));
        operation.train(x, weights(), running(), saved, y);
        return new ForwardPass(x, y, saved);
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        BatchNorm.Weights gradients = new BatchNorm.Weights(scale.gradient(), shift.gradient());
        operation.backward(pass.input(), dOut, weights(), own(pass, true).saved(), gradients, dIn);
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        operation.backward(pass.input(), dOut, weights(), own(pass, true).saved(), null, dIn);
    }

    /** With the running statistics, so for a pass that was not run for training. */
    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        own(pass, false);
        operation.backProject(dOut, weights(), running(), dIn);
    }

    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }

    private ForwardPass own(Pass pass, boolean training) {
        if (!(pass instanceof ForwardPass own)) {
            throw new IllegalStateException(name() + ": this pass was run by another layer");
        }
        if ((own.saved() != null) != training) {
            throw new IllegalStateException(name() + ": this pass was run for "
                    + (training
                            ? "another purpose than training, so it has no gradient of the weights"
                            : "training, so its map is not that of the running statistics"));
        }
        return own;
    }
}

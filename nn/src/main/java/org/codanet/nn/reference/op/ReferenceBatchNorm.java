package org.codanet.nn.reference.op;

import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link BatchNorm}, element by element. */
public final class ReferenceBatchNorm extends ReferenceOperation implements BatchNorm {
    private final BatchNormShape shape;
    private final int channels;

    public ReferenceBatchNorm(ReferenceMemory memory, Scope scope, BatchNormShape shape) {
        super(memory, scope, "batch norm");
        this.shape = shape;
        this.channels = shape.channels();
    }

    @Override
    public BatchNormShape shape() {
        return shape;
    }

    private ReferenceTensor vector(Tensor tensor, String role) {
        return tensor(tensor, Shape.of(channels), role);
    }

    private double inverseDeviation(double variance) {
        return 1 / Math.sqrt(variance + shape.epsilon());
    }

    @Override
    public void forward(Tensor x, Weights weights, Statistics running, Tensor y) {
        requireOpen();
        BatchNorm.requireRows(x.shape(), channels, "x");
        ReferenceTensor from = tensor(x, x.shape(), "x");
        ReferenceTensor to = tensor(y, x.shape(), "y");
        ReferenceTensor scale = vector(weights.scale(), "scale");
        ReferenceTensor shift = vector(weights.shift(), "shift");
        ReferenceTensor mean = vector(running.mean(), "mean");
        ReferenceTensor variance = vector(running.variance(), "variance");
        for (int i = 0; i < to.size(); i++) {
            int c = i % channels;
            double normalised = (from.get(i) - mean.get(c)) * inverseDeviation(variance.get(c));
            to.set(i, scale.get(c) * normalised + shift.get(c));
        }
    }

    @Override
    public void backProject(Tensor dOut, Weights weights, Statistics running, Tensor dIn) {
        requireOpen();
        BatchNorm.requireRows(dOut.shape(), channels, "dOut");
        ReferenceTensor from = tensor(dOut, dOut.shape(), "dOut");
        ReferenceTensor to = tensor(dIn, dOut.shape(), "dIn");
        ReferenceTensor scale = vector(weights.scale(), "scale");
        ReferenceTensor variance = vector(running.variance(), "variance");
        for (int i = 0; i < to.size(); i++) {
            int c = i % channels;
            to.set(i, from.get(i) * scale.get(c) * inverseDeviation(variance.get(c)));
        }
    }

    @Override
    public void train(Tensor x, Weights weights, Statistics running, Tensor saved, Tensor y) {
        requireOpen();
        int rows = BatchNorm.requireBatch(x.shape(), channels);
        ReferenceTensor from = tensor(x, x.shape(), "x");
        ReferenceTensor to = tensor(y, x.shape(), "y");
        ReferenceTensor scale = vector(weights.scale(), "scale");
        ReferenceTensor shift = vector(weights.shift(), "shift");
        ReferenceTensor mean = vector(running.mean(), "mean");
        ReferenceTensor variance = vector(running.variance(), "variance");
        ReferenceTensor kept = tensor(saved, Shape.of(2, channels), "saved");
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int i = c; i < from.size(); i += channels) {
                sum += from.get(i);
            }
            double average = sum / rows;
            double squares = 0;
            for (int i = c; i < from.size(); i += channels) {
                squares += (from.get(i) - average) * (from.get(i) - average);
            }
            double inverse = inverseDeviation(squares / rows);
            for (int i = c; i < from.size(); i += channels) {
                to.set(i, scale.get(c) * (from.get(i) - average) * inverse + shift.get(c));
            }
            kept.set(c, average);
            kept.set(channels + c, inverse);
            mean.add(c, shape.momentum() * (average - mean.get(c)));
            variance.add(c, shape.momentum() * (squares / (rows - 1) - variance.get(c)));
        }
    }

    @Override
    public void backward(Tensor x, Tensor dOut, Weights weights, Tensor saved, Weights gradients, Tensor dIn) {
        requireOpen();
        int rows = BatchNorm.requireBatch(x.shape(), channels);
        ReferenceTensor from = tensor(x, x.shape(), "x");
        ReferenceTensor g = tensor(dOut, x.shape(), "dOut");
        ReferenceTensor kept = tensor(saved, Shape.of(2, channels), "saved");
        ReferenceTensor scale = vector(weights.scale(), "scale");
        ReferenceTensor dScale = gradients == null ? null : vector(gradients.scale(), "scale gradient");
        ReferenceTensor dShift = gradients == null ? null : vector(gradients.shift(), "shift gradient");
        ReferenceTensor lower = dIn == null ? null : tensor(dIn, x.shape(), "dIn");
        for (int c = 0; c < channels; c++) {
            double mean = kept.get(c);
            double inverse = kept.get(channels + c);
            double sum = 0;
            double product = 0;
            for (int i = c; i < from.size(); i += channels) {
                sum += g.get(i);
                product += g.get(i) * (from.get(i) - mean) * inverse;
            }
            if (gradients != null) {
                dScale.add(c, product);
                dShift.add(c, sum);
            }
            for (int i = c; lower != null && i < from.size(); i += channels) {
                double normalised = (from.get(i) - mean) * inverse;
                lower.set(i, scale.get(c) * inverse * (g.get(i) - sum / rows - normalised * product / rows));
            }
        }
    }
}

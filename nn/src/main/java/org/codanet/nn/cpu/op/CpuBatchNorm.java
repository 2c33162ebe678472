package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link BatchNorm}, split into pieces of whole rows. Sums run in double, piece by piece, and the partial sums are added in order, so the
 * result does not depend on the number of threads.
 *
 * <p>Values of channels are repeated to at least {@value #PERIOD} entries, so that the inner loops are long enough for vectors.
 */
public final class CpuBatchNorm extends CpuOperation implements BatchNorm {
    private static final String OWNER = "batch norm";

    private static final int PERIOD = 256;

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        INPUT,
        GRADIENT
    }

    private final BatchNormShape shape;
    private final int channels;
    private final int period;
    private final int rowsOfPiece;

    public CpuBatchNorm(CpuContext context, String owner, BatchNormShape shape) {
        super(context, owner, OWNER);
        this.shape = shape;
        this.channels = shape.channels();
        this.period = Math.ceilDiv(PERIOD, channels) * channels;
        this.rowsOfPiece = Math.max(1, Chunks.SIZE / period) * (period / channels);
    }

    @Override
    public BatchNormShape shape() {
        return shape;
    }

    /** Work on some rows. */
    @FunctionalInterface
    private interface Piece {
        void run(int piece, long first, int values, int worker);
    }

    private int pieces(int rows) {
        return Math.ceilDiv(rows, rowsOfPiece);
    }

    private void each(int rows, Piece work) {
        context().workers().run(pieces(rows), (piece, worker) -> {
            int first = piece * rowsOfPiece;
            int count = Math.min(rowsOfPiece, rows - first);
            work.run(piece, (long) first * channels, count * channels, worker);
        });
    }

    private Lease lease(int worker, Array array) {
        return context().workspace().lease(worker, array, rowsOfPiece * channels, OWNER);
    }

    private float[] vector(Tensor tensor, String role) {
        float[] values = new float[channels];
        CpuTensor.read(
                CpuTensor.segment(tensor.require(Shape.of(channels), operation(), role)), 0, values, 0, channels);
        return values;
    }

    private static void write(float[] values, Tensor tensor) {
        CpuTensor.write(values, 0, CpuTensor.segment(tensor), 0, values.length);
    }

    private float[] repeated(float[] ofChannels) {
        float[] values = new float[period];
        for (int i = 0; i < period; i++) {
            values[i] = ofChannels[i % channels];
        }
        return values;
    }

    private double inverseDeviation(double variance) {
        return 1 / Math.sqrt(variance + shape.epsilon());
    }

    @Override
    public void forward(Tensor x, Weights weights, Statistics running, Tensor y) {
        context();
        int rows = BatchNorm.requireRows(x.shape(), channels, "x");
        float[] variance = vector(running.variance(), "variance");
        float[] scale = vector(weights.scale(), "scale");
        for (int c = 0; c < channels; c++) {
            scale[c] = (float) (scale[c] * inverseDeviation(variance[c]));
        }
        affine(rows, x, vector(running.mean(), "mean"), scale, vector(weights.shift(), "shift"), y);
    }

    /** {@code y = (x − mean) · scale + shift}. */
    private void affine(int rows, Tensor x, float[] mean, float[] scale, float[] shift, Tensor y) {
        MemorySegment from = CpuTensor.segment(x);
        MemorySegment to = CpuTensor.segment(y.require(x.shape(), operation(), "y"));
        float[] centre = repeated(mean);
        float[] factor = repeated(scale);
        float[] constant = repeated(shift);
        each(rows, (piece, first, count, worker) -> {
            try (Lease lease = lease(worker, Array.INPUT)) {
                float[] values = lease.values();
                CpuTensor.read(from, first, values, 0, count);
                for (int start = 0; start < count; start += period) {
                    int length = Math.min(period, count - start);
                    for (int i = 0; i < length; i++) {
                        values[start + i] = (values[start + i] - centre[i]) * factor[i] + constant[i];
                    }
                }
                CpuTensor.write(values, 0, to, first, count);
            }
        });
    }

    @Override
    public void backProject(Tensor dOut, Weights weights, Statistics running, Tensor dIn) {
        context();
        int rows = BatchNorm.requireRows(dOut.shape(), channels, "dOut");
        float[] variance = vector(running.variance(), "variance");
        float[] scale = vector(weights.scale(), "scale");
        for (int c = 0; c < channels; c++) {
            scale[c] = (float) (scale[c] * inverseDeviation(variance[c]));
        }
        dIn.require(dOut.shape(), operation(), "dIn");
        affine(rows, dOut, new float[channels], scale, new float[channels], dIn);
    }

    @Override
    public void train(Tensor x, Weights weights, Statistics running, Tensor saved, Tensor y) {
        context();
        int rows = BatchNorm.requireBatch(x.shape(), channels);
        saved.require(Shape.of(2, channels), operation(), "saved");
        double[] sums = sums(rows, x, x, new float[channels]);
        float[] runningMean = vector(running.mean(), "mean");
        float[] runningVariance = vector(running.variance(), "variance");
        float[] scale = vector(weights.scale(), "scale");
        float[] shift = vector(weights.shift(), "shift");
        float[] mean = new float[channels];
        float[] inverse = new float[channels];
        for (int c = 0; c < channels; c++) {
            double average = sums[c] / rows;
            double squares = Math.max(0, sums[channels + c] - sums[c] * average);
            double inverseDeviation = inverseDeviation(squares / rows);
            mean[c] = (float) average;
            inverse[c] = (float) inverseDeviation;
            scale[c] = (float) (scale[c] * inverseDeviation);
            runningMean[c] += (float) (shape.momentum() * (average - runningMean[c]));
            runningVariance[c] += (float) (shape.momentum() * (squares / (rows - 1) - runningVariance[c]));
        }
        affine(rows, x, mean, scale, shift, y);
        CpuTensor.write(mean, 0, CpuTensor.segment(saved), 0, channels);
        CpuTensor.write(inverse, 0, CpuTensor.segment(saved), channels, channels);
        write(runningMean, running.mean());
        write(runningVariance, running.variance());
    }

    /** Σ g, then Σ g (x − mean), of each channel. */
    private double[] sums(int rows, Tensor g, Tensor x, float[] mean) {
        MemorySegment upper = CpuTensor.segment(g);
        MemorySegment lower = CpuTensor.segment(x);
        double[] parts = new double[pieces(rows) * 2 * channels];
        each(rows, (piece, first, count, worker) -> {
            try (Lease inputs = lease(worker, Array.INPUT);
                    Lease gradients = lease(worker, Array.GRADIENT)) {
                CpuTensor.read(lower, first, inputs.values(), 0, count);
                CpuTensor.read(upper, first, gradients.values(), 0, count);
                addSums(gradients.values(), inputs.values(), mean, count, parts, piece * 2 * channels);
            }
        });
        double[] sums = new double[2 * channels];
        for (int i = 0; i < parts.length; i++) {
            sums[i % sums.length] += parts[i];
        }
        return sums;
    }

    private void addSums(float[] g, float[] x, float[] mean, int count, double[] sums, int at) {
        for (int start = 0; start < count; start += channels) {
            for (int c = 0; c < channels; c++) {
                sums[at + c] += g[start + c];
            }
            for (int c = 0; c < channels; c++) {
                sums[at + channels + c] += (double) g[start + c] * ((double) x[start + c] - mean[c]);
            }
        }
    }

    @Override
    public void backward(Tensor x, Tensor dOut, Weights weights, Tensor saved, Weights gradients, Tensor dIn) {
        context();
        int rows = BatchNorm.requireBatch(x.shape(), channels);
        dOut.require(x.shape(), operation(), "dOut");
        MemorySegment kept = CpuTensor.segment(saved.require(Shape.of(2, channels), operation(), "saved"));
        float[] mean = new float[channels];
        float[] inverse = new float[channels];
        CpuTensor.read(kept, 0, mean, 0, channels);
        CpuTensor.read(kept, channels, inverse, 0, channels);
        double[] sums = sums(rows, dOut, x, mean);
        if (gradients != null) {
            float[] dScale = vector(gradients.scale(), "scale gradient");
            float[] dShift = vector(gradients.shift(), "shift gradient");
            for (int c = 0; c < channels; c++) {
                dScale[c] += (float) (sums[channels + c] * inverse[c]);
                dShift[c] += (float) sums[c];
            }
            write(dScale, gradients.scale());
            write(dShift, gradients.shift());
        }
        if (dIn != null) {
            inputGradient(rows, x, dOut, new Moments(mean, inverse, sums), weights, dIn);
        }
    }

    /** Mean and 1/√(σ² + ε) of a batch, and the sums of its gradient. */
    private record Moments(float[] mean, float[] inverse, double[] sums) {}

    /** With s = γ / √(σ² + ε), dx = s g − s dβ/n − (x − μ) · s dγ/(n √(σ² + ε)). */
    private void inputGradient(int rows, Tensor x, Tensor dOut, Moments moments, Weights weights, Tensor dIn) {
        float[] scale = vector(weights.scale(), "scale");
        float[] constant = new float[channels];
        float[] slope = new float[channels];
        for (int c = 0; c < channels; c++) {
            double inverse = moments.inverse()[c];
            double factor = scale[c] * inverse;
            constant[c] = (float) (factor * moments.sums()[c] / rows);
            slope[c] = (float) (factor * inverse * inverse * moments.sums()[channels + c] / rows);
            scale[c] = (float) factor;
        }
        float[] centre = repeated(moments.mean());
        float[] factor = repeated(scale);
        float[] shift = repeated(constant);
        float[] tilt = repeated(slope);
        MemorySegment input = CpuTensor.segment(x);
        MemorySegment from = CpuTensor.segment(dOut);
        MemorySegment to = CpuTensor.segment(dIn.require(x.shape(), operation(), "dIn"));
        each(rows, (piece, first, count, worker) -> {
            try (Lease inputs = lease(worker, Array.INPUT);
                    Lease gradients = lease(worker, Array.GRADIENT)) {
                float[] values = inputs.values();
                float[] g = gradients.values();
                CpuTensor.read(input, first, values, 0, count);
                CpuTensor.read(from, first, g, 0, count);
                for (int start = 0; start < count; start += period) {
                    int length = Math.min(period, count - start);
                    for (int i = 0; i < length; i++) {
                        g[start + i] = g[start + i] * factor[i] - shift[i] - (values[start + i] - centre[i]) * tilt[i];
                    }
                }
                CpuTensor.write(g, 0, to, first, count);
            }
        });
    }
}

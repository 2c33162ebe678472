package org.codanet.nn.cpu.op;

import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Loss} on the calling thread, because N·K numbers are too few to split among threads. Both losses take exponentials only of
 * numbers that are not positive, so nothing overflows.
 */
public final class CpuLoss extends CpuOperation implements Loss {
    private final LossKind kind;

    public CpuLoss(CpuContext context, String owner, LossKind kind) {
        super(context, owner, "loss " + kind);
        this.kind = kind;
    }

    @Override
    public LossKind kind() {
        return kind;
    }

    @Override
    public void forward(
            Tensor logits, Tensor labels, Tensor weights, double gradientScale, Tensor loss, Tensor dLogits) {
        context();
        logits.requireOpen();
        if (logits.shape().rank() != 2) {
            throw new IllegalArgumentException(operation() + ": logits are " + logits.shape() + ", expected (N, K)");
        }
        int images = logits.shape().extent(0);
        int classes = logits.shape().extent(1);
        labels.require(Shape.of(images), operation(), "labels");
        if (weights != null) {
            weights.require(labels.shape(), operation(), "weights");
        }
        loss.require(Shape.of(1), operation(), "loss");
        dLogits.require(logits.shape(), operation(), "dLogits");
        float[] z = read(logits);
        float[] label = read(labels);
        float[] weight = weights == null ? null : read(weights);
        float[] gradient = new float[z.length];
        double sum = 0;
        for (int n = 0; n < images; n++) {
            int target = target(label[n], n, classes);
            double factor = weight == null ? 1 : weight[n];
            double scale = factor * gradientScale;
            sum += factor
                    * (kind == LossKind.BCE
                            ? binary(z, n * classes, classes, target, scale / z.length, gradient)
                            : softmax(z, n * classes, classes, target, scale / images, gradient));
        }
        double mean = sum / (kind == LossKind.BCE ? z.length : images);
        CpuTensor.segment(loss).set(CpuTensor.FLOAT, 0, (float) mean);
        CpuTensor.write(gradient, 0, CpuTensor.segment(dLogits), 0, gradient.length);
    }

    private static double binary(float[] z, int from, int classes, int target, double scale, float[] gradient) {
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            double x = z[from + k];
            double t = k == target ? 1 : 0;
            double small = Math.exp(-Math.abs(x));
            sum += Math.max(x, 0) - x * t + Math.log1p(small);
            double sigmoid = (x >= 0 ? 1 : small) / (1 + small);
            gradient[from + k] = (float) (scale * (sigmoid - t));
        }
        return sum;
    }

    private static double softmax(float[] z, int from, int classes, int target, double scale, float[] gradient) {
        double largest = z[from];
        for (int k = 1; k < classes; k++) {
            largest = Math.max(largest, z[from + k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += Math.exp(z[from + k] - largest);
        }
        for (int k = 0; k < classes; k++) {
            double share = Math.exp(z[from + k] - largest) / sum;
            gradient[from + k] = (float) (scale * (share - (k == target ? 1 : 0)));
        }
        return Math.log(sum) + largest - z[from + target];
    }

    private int target(float label, int image, int classes) {
        int target = (int) label;
        if (target != label || target < 0 || target >= classes) {
            throw new IllegalArgumentException(operation() + ": label " + label + " of image " + image
                    + " is none of the " + classes + " classes, 0 to " + (classes - 1));
        }
        return target;
    }

    private static float[] read(Tensor t) {
        float[] values = new float[Math.toIntExact(t.shape().elements())];
        CpuTensor.read(CpuTensor.segment(t), 0, values, 0, values.length);
        return values;
    }
}

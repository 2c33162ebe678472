package org.codanet.nn.reference.op;

import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Loss}. Both kinds take exponentials of negative numbers only, so that nothing overflows. */
public final class ReferenceLoss extends ReferenceOperation implements Loss {
    private final LossKind kind;

    public ReferenceLoss(ReferenceMemory memory, Scope scope, LossKind kind) {
        super(memory, scope, "loss " + kind);
        this.kind = kind;
    }

    @Override
    public LossKind kind() {
        return kind;
    }

    @Override
    public void forward(
            Tensor logits, Tensor labels, Tensor weights, double gradientScale, Tensor loss, Tensor dLogits) {
        requireOpen();
        ReferenceTensor z = tensor(logits, 2, "logits", "(N, K)");
        int images = z.shape().extent(0);
        int classes = z.shape().extent(1);
        ReferenceTensor label = tensor(labels, Shape.of(images), "labels");
        ReferenceTensor weight = weights == null ? null : tensor(weights, Shape.of(images), "weights");
        ReferenceTensor out = tensor(loss, Shape.of(1), "loss");
        ReferenceTensor dZ = tensor(dLogits, z.shape(), "dLogits");
        int terms = kind == LossKind.BCE ? images * classes : images;
        double sum = 0;
        double[] gradient = new double[z.size()];
        for (int n = 0; n < images; n++) {
            int target = target(label.get(n), n, classes);
            double[] row = new double[classes];
            for (int k = 0; k < classes; k++) {
                row[k] = z.get(n * classes + k);
            }
            double[] slope = new double[classes];
            double factor = weight == null ? 1 : weight.get(n);
            sum += factor * (kind == LossKind.BCE ? binary(row, target, slope) : softmax(row, target, slope));
            for (int k = 0; k < classes; k++) {
                gradient[n * classes + k] = factor * gradientScale * slope[k] / terms;
            }
        }
        out.set(0, sum / terms);
        dZ.write(gradient);
    }

    /** Σ_k log(1 + e^z) − t z. */
    private static double binary(double[] z, int target, double[] slope) {
        double sum = 0;
        for (int k = 0; k < z.length; k++) {
            double t = k == target ? 1 : 0;
            double small = Math.exp(-Math.abs(z[k]));
            sum += Math.max(z[k], 0) - t * z[k] + Math.log1p(small);
            double sigmoid = z[k] >= 0 ? 1 / (1 + small) : small / (1 + small);
            slope[k] = sigmoid - t;
        }
        return sum;
    }

    /** log Σ_k e^z_k − z_target. */
    private static double softmax(double[] z, int target, double[] slope) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double value : z) {
            largest = Math.max(largest, value);
        }
        double sum = 0;
        for (double value : z) {
            sum += Math.exp(value - largest);
        }
        for (int k = 0; k < z.length; k++) {
            slope[k] = Math.exp(z[k] - largest) / sum - (k == target ? 1 : 0);
        }
        return Math.log(sum) + largest - z[target];
    }

    private int target(double label, int image, int classes) {
        int target = (int) label;
        if (target != label || target < 0 || target >= classes) {
            throw new IllegalArgumentException(operation() + ": label " + label + " of image " + image
                    + " is none of the " + classes + " classes, 0 to " + (classes - 1));
        }
        return target;
    }
}

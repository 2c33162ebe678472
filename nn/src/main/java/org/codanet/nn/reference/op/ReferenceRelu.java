package org.codanet.nn.reference.op;

import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;

/** {@link Relu}, element by element. */
public final class ReferenceRelu extends ReferenceOperation implements Relu {
    public ReferenceRelu(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "relu");
    }

    @Override
    public void forward(Tensor x, Tensor y) {
        requireOpen();
        ReferenceTensor from = tensor(x, x.shape(), "x");
        ReferenceTensor to = tensor(y, x.shape(), "y");
        for (int i = 0; i < to.size(); i++) {
            to.set(i, Math.max(0, from.get(i)));
        }
    }

    @Override
    public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {
        requireOpen();
        rule.requireBaseline(baseline != null);
        int targets = Relu.requireTargets(operation(), x.shape(), dOut.shape(), "dOut");
        ReferenceTensor at = tensor(x, x.shape(), "x");
        ReferenceTensor start = baseline == null ? at : tensor(baseline, x.shape(), "baseline");
        ReferenceTensor from = tensor(dOut, dOut.shape(), "dOut");
        ReferenceTensor to = tensor(dIn, dOut.shape(), "dIn");
        int perImage = at.size() / x.shape().extent(0);
        for (int i = 0; i < to.size(); i++) {
            int image = i / perImage / targets;
            int element = image * perImage + i % perImage;
            to.set(i, lower(rule, at.get(element), start.get(element), from.get(i)));
        }
    }

    private static double lower(ReluRule rule, double x, double start, double g) {
        double gradient = x > 0 ? g : 0;
        return switch (rule) {
            case GRADIENT -> gradient;
            case GUIDED -> Math.max(0, gradient);
            case RESCALE ->
                Math.abs(x - start) < ReluRule.SMALLEST_DIFFERENCE
                        ? gradient
                        : g * (Math.max(0, x) - Math.max(0, start)) / (x - start);
        };
    }
}

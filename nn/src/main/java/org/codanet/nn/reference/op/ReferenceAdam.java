package org.codanet.nn.reference.op;

import java.util.List;
import java.util.Objects;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Adam}, line by line as its documentation says. */
public final class ReferenceAdam extends ReferenceOperation implements Adam {
    private Step next;

    public ReferenceAdam(ReferenceMemory memory, Scope scope) {
        super(memory, scope, "adam");
    }

    private record Own(
            ReferenceTensor value, ReferenceTensor gradient, ReferenceTensor mean, ReferenceTensor variance) {}

    @Override
    public void next(Step step) {
        requireOpen();
        next = Objects.requireNonNull(step, "step");
    }

    @Override
    public void step(List<Slot> slots, Tensor norm) {
        requireOpen();
        Step step = next;
        if (step == null) {
            throw new IllegalStateException("adam: next has not been called; it sets rate and step number");
        }
        ReferenceTensor out = norm == null ? null : tensor(norm, Shape.of(1), "norm");
        List<Own> own = slots.stream().map(this::own).toList();
        double sum = 0;
        for (Own slot : own) {
            for (int i = 0; i < slot.gradient().size(); i++) {
                sum += slot.gradient().get(i) * slot.gradient().get(i);
            }
        }
        double length = Math.sqrt(sum);
        if (out != null) {
            out.set(0, length);
        }
        double clip = step.maxNorm() > 0 ? Math.min(1, step.maxNorm() / (length + 1e-6)) : 1;
        for (Own slot : own) {
            update(slot, step, clip);
        }
    }

    private Own own(Slot slot) {
        Shape shape = slot.value().shape();
        return new Own(
                tensor(slot.value(), shape, "value"),
                tensor(slot.gradient(), shape, "gradient"),
                tensor(slot.mean(), shape, "mean"),
                tensor(slot.variance(), shape, "variance"));
    }

    private static void update(Own slot, Step step, double clip) {
        double meanCorrection = 1 - Math.pow(step.beta1(), step.step());
        double varianceCorrection = 1 - Math.pow(step.beta2(), step.step());
        for (int i = 0; i < slot.value().size(); i++) {
            double g = slot.gradient().get(i) * clip;
            g += step.weightDecay() * slot.value().get(i);
            double m = step.beta1() * slot.mean().get(i) + (1 - step.beta1()) * g;
            double v = step.beta2() * slot.variance().get(i) + (1 - step.beta2()) * g * g;
            slot.mean().set(i, m);
            slot.variance().set(i, v);
            double denominator = Math.sqrt(v) / Math.sqrt(varianceCorrection) + step.epsilon();
            slot.value().add(i, -step.rate() / meanCorrection * m / denominator);
            slot.gradient().set(i, 0);
        }
    }
}

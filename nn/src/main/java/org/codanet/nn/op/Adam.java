package org.codanet.nn.op;

import java.util.List;
import org.codanet.nn.tensor.Tensor;

/**
 * Adam with bias correction (Kingma and Ba, 2015), as PyTorch computes it, over all parameters in one call.
 *
 * <pre>
 *   g ← g · min(1, maxNorm / (‖all g‖₂ + 1e-6))        if maxNorm &gt; 0
 *   g ← g + weightDecay · value
 *   m ← β₁ m + (1−β₁) g      v ← β₂ v + (1−β₂) g²
 *   value ← value − rate / (1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε)
 * </pre>
 */
public interface Adam {
    /** One parameter: its value, its gradient and both moments, four tensors of one shape. */
    record Slot(Tensor value, Tensor gradient, Tensor mean, Tensor variance) {}

    /**
     * Values of one update.
     *
     * @param rate learning rate, 0 or above
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param epsilon added to the root of the second moment, greater than 0
     * @param weightDecay factor of each weight that is added to its gradient; 0 for none
     * @param step t, the number of the update, from 1
     * @param maxNorm bound on the length of all gradients together; 0 sets none
     */
    record Step(
            double rate, double beta1, double beta2, double epsilon, double weightDecay, long step, double maxNorm) {
        public Step {
            if (step < 1 || !(rate >= 0) || !(epsilon > 0) || !(maxNorm >= 0)) {
                throw new IllegalArgumentException("adam: step " + step + " must be at least 1, rate " + rate
                        + " and maxNorm " + maxNorm + " not negative, epsilon " + epsilon + " positive");
            }
        }
    }

    /**
     * Sets the values for the updates that follow, until the next call. Separate from {@link #step(List, Tensor)} so that a captured
     * update can be replayed with another rate and another t.
     */
    void next(Step step);

    /**
     * Updates values and moments and sets the gradients to zero.
     *
     * @param norm (1), overwritten with the length of all gradients before clipping; null if it is not needed
     * @throws IllegalStateException before {@link #next}
     */
    void step(List<Slot> slots, Tensor norm);

    /** Calls {@link #next}, then {@link #step(List, Tensor)}. */
    default void step(List<Slot> slots, Step step, Tensor norm) {
        next(step);
        step(slots, norm);
    }
}

package org.codanet.nn.op;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@code y = max(0, x)}, element by element. NaN stays NaN. */
public interface Relu {
    /** Overwrites {@code y}, which has the shape of {@code x}. */
    void forward(Tensor x, Tensor y);

    /**
     * Overwrites {@code dIn} with the gradients {@code dOut} of K outputs, changed by a rule.
     *
     * @param x (N, …), as forward read it
     * @param baseline x₀, of the shape of x; null unless the rule is {@link ReluRule#RESCALE}
     * @param dOut (N, …), or (N, K, …)
     * @param dIn of the shape of dOut
     */
    void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn);

    /** Checks the shapes of {@link #backward}, for devices, and returns K. */
    static int requireTargets(String operation, Shape activation, Shape gradient, String role) {
        if (gradient.equals(activation)) {
            return 1;
        }
        boolean fits = gradient.rank() == activation.rank() + 1 && gradient.extent(0) == activation.extent(0);
        for (int i = 1; fits && i < activation.rank(); i++) {
            fits = gradient.extent(i + 1) == activation.extent(i);
        }
        if (!fits) {
            throw new IllegalArgumentException(operation + ": " + role + " is " + gradient + ", expected " + activation
                    + ", or that with the number of targets as its second extent");
        }
        return gradient.extent(1);
    }
}

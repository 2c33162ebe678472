package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.tensor.Tensor;

/**
 * One forward pass through a {@link Sequential}, layer by layer.
 *
 * <p>Activations are numbered: 0 is the input of the first layer, i is the output of layer i − 1, and {@code size()} is the output of
 * the last layer.
 *
 * @param passes one for each layer, in forward order; at least one
 */
public record Passes(List<Pass> passes) {
    public Passes {
        passes = List.copyOf(passes);
        if (passes.isEmpty()) {
            throw new IllegalArgumentException("passes: a network has at least one layer, got none");
        }
    }

    /** Number of layers. */
    public int size() {
        return passes.size();
    }

    /** The pass through one layer, from 0. */
    public Pass pass(int layer) {
        return passes.get(layer);
    }

    /** The input of the first layer. */
    public Tensor input() {
        return passes.getFirst().input();
    }

    /** The output of the last layer. */
    public Tensor output() {
        return passes.getLast().output();
    }

    /** Activation {@code number} of 0 to {@link #size}. @throws IndexOutOfBoundsException if there is no such activation */
    public Tensor activation(int number) {
        return number == 0 ? input() : passes.get(number - 1).output();
    }
}

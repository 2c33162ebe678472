package org.codanet.model;

import org.codanet.nn.layer.Passes;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Tensor;

/**
 * One forward pass through a {@link Network}: the logits and, for {@link Purpose#EXPLANATION} and {@link Purpose#TRAINING}, the inputs,
 * outputs and forward states of all layers, which back-projection and gradient read. Lives as long as the scope that it was run in.
 */
public final class NetPass {
    private final Tensor input;
    private final Passes layers;
    private final Tensor logits;

    NetPass(Tensor input, Passes layers, Tensor logits) {
        this.input = input;
        this.layers = layers;
        this.logits = logits;
    }

    /** The network's input (N, H, W, C), inverse channels included. */
    public Tensor input() {
        return input;
    }

    /** (N, K). */
    public Tensor logits() {
        return logits;
    }

    /**
     * Inputs and outputs of the layers.
     *
     * @throws IllegalStateException if the pass was run for inference, which frees them
     */
    public Passes layers() {
        if (layers == null) {
            throw new IllegalStateException(
                    "this pass was run for inference, which frees the activations; run it for explanation");
        }
        return layers;
    }
}

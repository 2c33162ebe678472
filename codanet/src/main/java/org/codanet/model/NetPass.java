package org.codanet.model;

import org.codanet.nn.layer.Passes;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Tensor;

/**
 * What one forward pass through a {@link CodaNet} left behind: logits and, for {@link Purpose#EXPLANATION} and {@link
 * Purpose#TRAINING}, what the ways back need of every layer. Lives in the scope that the pass was made in.
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
     * @throws IllegalStateException if the pass was made for inference, which keeps none of them
     */
    public Passes layers() {
        if (layers == null) {
            throw new IllegalStateException(
                    "this pass was made for inference and kept nothing of its layers; make it for explanation");
        }
        return layers;
    }
}

package org.codanet.model;

import java.util.List;
import org.codanet.nn.layer.Pass;
import org.codanet.nn.op.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;

/**
 * What one forward pass through a {@link CodaNet} left behind: logits, and for {@link Purpose#EXPLANATION} and {@link
 * Purpose#TRAINING} what the way back needs of every layer. Lives in the scope that the pass was made in.
 */
public final class NetPass {
    private final Purpose purpose;
    private final Tensor input;
    private final Tensor logits;
    private final List<Pass> layers;
    private final List<Scope> scopes;

    NetPass(Purpose purpose, Tensor input, Tensor logits, List<Pass> layers, List<Scope> scopes) {
        this.purpose = purpose;
        this.input = input;
        this.logits = logits;
        this.layers = List.copyOf(layers);
        this.scopes = List.copyOf(scopes);
    }

    /** What the pass was made for. */
    public Purpose purpose() {
        return purpose;
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
     * Input and output of layer {@code index}, from 0.
     *
     * @throws IllegalStateException if the pass was made for inference, which keeps none but the last
     */
    public Pass layer(int index) {
        if (purpose == Purpose.INFERENCE && index != layers.size() - 1) {
            throw new IllegalStateException("this pass was made for inference and kept nothing of layer " + index
                    + "; make it for explanation");
        }
        return layers.get(index);
    }

    /** Number of layers. */
    public int depth() {
        return layers.size();
    }

    /** Gives back what the pass keeps of layer {@code index}; on the way back each layer is needed once. */
    void release(int index) {
        scopes.get(index).close();
    }
}

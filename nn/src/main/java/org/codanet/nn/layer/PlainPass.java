package org.codanet.nn.layer;

import org.codanet.nn.tensor.Tensor;

/** A pass of a layer that saves nothing but its input and its output. */
record PlainPass(Layer layer, Tensor input, Tensor output) implements Pass {
    /** A pass as one of that layer. @throws IllegalStateException if another layer ran it */
    static PlainPass of(Pass pass, Layer layer) {
        if (!(pass instanceof PlainPass own) || own.layer() != layer) {
            throw new IllegalStateException(layer.name() + ": this pass was run by another layer");
        }
        return own;
    }
}

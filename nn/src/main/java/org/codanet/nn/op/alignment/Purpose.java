package org.codanet.nn.op.alignment;

/** What a forward pass is for: decides what is derived from the weights and what is kept of the activations. */
public enum Purpose {
    /** Outputs only; nothing is kept. */
    INFERENCE,
    /** Keeps what back-projection needs: dynamic weights and norms count as constants. */
    EXPLANATION,
    /** Keeps what the full gradient needs. */
    TRAINING
}

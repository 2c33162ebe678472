package org.codanet.nn.op.alignment;

/** The later passes that a forward pass prepares for. Decides what is derived from the weights and what a forward state saves. */
public enum Purpose {
    /** Outputs only. Saves nothing. */
    INFERENCE,
    /** Saves what back-projection needs. Dynamic weights and norms count as constants. */
    EXPLANATION,
    /** Saves what the full gradient needs. */
    TRAINING
}

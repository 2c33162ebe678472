package org.codanet.nn.op;

/** Which loss a classifier is trained with. */
public enum LossKind {
    /** Sigmoid cross-entropy against one-hot targets, mean over all N·K logits. The paper uses this one. */
    BCE,
    /** Softmax cross-entropy, mean over N. */
    CE
}

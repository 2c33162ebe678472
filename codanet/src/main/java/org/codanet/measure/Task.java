package org.codanet.measure;

import java.util.Locale;

/** A kind of work that a network does, from images on the heap to results on the heap. */
public enum Task {
    /** The logits of each image. */
    FORWARD,

    /** The contributions to the highest logit of each image. */
    EXPLAIN,

    /** The contributions to every logit of each image. */
    EXPLAIN_ALL,

    /** One optimiser step on one micro-batch. */
    TRAIN;

    /** The name as the command line and JSON records write it: {@code explain_all}. */
    public String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}

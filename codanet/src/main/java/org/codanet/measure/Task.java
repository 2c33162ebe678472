package org.codanet.measure;

import java.util.Locale;

/** A kind of work to measure, from images on the heap to results on the heap. */
public enum Task {
    /** The logits of each image. */
    FORWARD,

    /** The contributions to the highest logit of each image. */
    EXPLAIN,

    /** The contributions to every logit of each image. */
    EXPLAIN_ALL,

    /** One optimiser step on one micro-batch. */
    TRAIN;

    /** The name on the command line and in JSON records, such as {@code explain_all}. */
    public String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}

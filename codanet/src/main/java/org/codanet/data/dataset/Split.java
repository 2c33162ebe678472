package org.codanet.data.dataset;

import java.util.Locale;

/** A part of a data set. */
public enum Split {
    /** The images that a network is trained on. */
    TRAIN,
    /** The images that a network is tested on and never trained on. */
    TEST;

    /** {@return the name of the folder of this part, {@code train} or {@code test}} */
    String folder() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return the word for this part in descriptions} */
    String word() {
        return this == TRAIN ? "training" : "test";
    }
}

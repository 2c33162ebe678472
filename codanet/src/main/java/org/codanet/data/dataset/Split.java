package org.codanet.data.dataset;

import java.util.Locale;

/** Which part of a data set. */
public enum Split {
    /** The images a network learns from. */
    TRAIN,
    /** The images it is tested on and never learns from. */
    TEST;

    /** {@return the name that folders of images have, {@code train} or {@code test}} */
    String folder() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return the word that descriptions use} */
    String word() {
        return this == TRAIN ? "training" : "test";
    }
}

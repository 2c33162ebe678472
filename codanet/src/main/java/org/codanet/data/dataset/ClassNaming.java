package org.codanet.data.dataset;

/** The source of the class names of a data set. It decides how {@link ClassMatch} matches them with the classes of a network. */
public enum ClassNaming {
    /** The data set has no class names. The name of a class is its number. */
    NUMBERS,
    /** A list gives the name of each number. */
    LIST,
    /** Each image is in a folder with the name of its class. The order of the classes has no meaning. */
    FOLDERS
}

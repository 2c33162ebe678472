package org.codanet.data.dataset;

/** Where the class names of a data set come from, which decides how they are matched with the classes of a network. */
public enum ClassNaming {
    /** There are none: a class is called by its number. */
    NUMBERS,
    /** A list gives the name of each number. */
    LIST,
    /** Each image lies in a folder with the name of its class; the order of the classes means nothing. */
    FOLDERS
}

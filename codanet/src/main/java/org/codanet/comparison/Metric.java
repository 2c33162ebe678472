package org.codanet.comparison;

import java.util.Locale;

/** A metric of attribution methods. */
public enum Metric {
    /** The share of the positive values of a map that lies in the cell of its class; one value for each cell of each grid. */
    LOCALISATION,
    /** The probability of the label at each point, with the least important pixels removed first; one curve for each image. */
    REMOVAL,
    /** As {@link #REMOVAL}, but with the most important pixels removed first. */
    REMOVAL_MOST;

    /** {@return its name on the command line and in files} */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * {@return the metric of this name}
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Metric of(String label) {
        for (Metric metric : values()) {
            if (metric.label().equals(label)) {
                return metric;
            }
        }
        throw new IllegalArgumentException(
                "there is no metric " + label + "; there are localisation, removal and removal-most");
    }
}

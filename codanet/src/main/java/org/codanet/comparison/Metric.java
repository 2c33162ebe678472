package org.codanet.comparison;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** A metric of attribution methods. */
public enum Metric {
    /** The share of the positive values of a map that lies in the cell of its class; one value for each cell of each grid. */
    LOCALISATION(
            Kind.SHARE,
            "Localisation",
            "Images of different classes form a grid. The value is the share of the positive values of a class's map that lies in the"
                    + " cell of its image. 1 is best."),
    /** The probability of the label at each point, with the least important pixels removed first; one curve for each image. */
    REMOVAL(
            Kind.CURVE,
            "Pixel removal, least important first",
            "The probability of the label while pixels are removed in the order of its map, the least important ones first. A good map"
                    + " keeps the probability high."),
    /** As {@link #REMOVAL}, but with the most important pixels removed first. */
    REMOVAL_MOST(
            Kind.CURVE,
            "Pixel removal, most important first",
            "The probability of the label while pixels are removed in the order of its map, the most important ones first. With a good"
                    + " map the probability falls at once."),
    /** The probability of the label while the image becomes black, the most important pixels first; one curve for each image. */
    DELETION(
            Kind.CURVE,
            "Deletion",
            "The probability of the label while all pixels become black, the most important ones first. The value of a curve is the area"
                    + " under it. A good map has a small area."),
    /** The probability of the label while a blurred image becomes the image, the most important pixels first; one curve for each image. */
    INSERTION(
            Kind.CURVE,
            "Insertion",
            "The probability of the label while a blurred image becomes sharp, the most important pixels first. The value of a curve is"
                    + " the area under it. A good map has a large area."),
    /** How far the sum of a map is from what it should explain; one value for each image. */
    COMPLETENESS(
            Kind.ERROR,
            "Completeness error",
            "The difference between the sum of a map and the logit without the logit of the baseline, divided by the latter. Maps of"
                    + " the network's own contributions are compared with an input of zeros, all others with a black image. 0 is best. Methods"
                    + " that do not promise a sum are far from 0."),
    /** How much maps change if the image changes little; one value for each noisy copy of each image. */
    STABILITY(
            Kind.ERROR,
            "Change under small noise",
            "The largest distance between the map of an image and those of ten copies with uniform noise of at most 0.02, divided by the"
                    + " length of the map. 0 is best."),
    /** Localisation on a network that reads every cell alone and has one output for each cell; one value for each cell of each grid. */
    DIFULL(
            Kind.SHARE,
            "DiFull",
            "The localisation metric on a network that reads every cell of a grid alone, so that the output of a class depends on its own"
                    + " cell only. An exact method has the value 1; anything less is an error of the method."),
    /** As {@link #DIFULL}, but every output is the mean over all cells. */
    DIPART(
            Kind.SHARE,
            "DiPart",
            "The localisation metric on a network that reads every cell of a grid alone and averages the logits of all cells. 1 is best."),
    /** The share of the positive values of a map that lies in the boxes of an object; one value for each object. */
    POINTING(
            Kind.SHARE,
            "Energy-based pointing game",
            "The share of the positive values of a class's map that lies in the boxes of its object. 1 is best.");

    /** What the values of a metric are. */
    public enum Kind {
        /** Values from 0 to 1; 1 is best. */
        SHARE,
        /** Probabilities, one curve for each row. */
        CURVE,
        /** Values from 0 on; 0 is best. */
        ERROR
    }

    private final Kind kind;
    private final String title;
    private final String meaning;

    Metric(Kind kind, String title, String meaning) {
        this.kind = kind;
        this.title = title;
        this.meaning = meaning;
    }

    /** {@return what its values are} */
    public Kind kind() {
        return kind;
    }

    /** {@return whether its rows are those of grids of images} */
    public boolean isOfGrids() {
        return this == LOCALISATION || this == DIFULL || this == DIPART;
    }

    /** {@return whether all pixels are replaced, whatever share of pixels is set} */
    public boolean replacesAllPixels() {
        return this == DELETION || this == INSERTION;
    }

    /** {@return its name in reports} */
    public String title() {
        return title;
    }

    /** {@return what is measured, in two or three sentences} */
    public String meaning() {
        return meaning;
    }

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
        throw new IllegalArgumentException("there is no metric " + label + "; there are "
                + Arrays.stream(values()).map(Metric::label).collect(Collectors.joining(", ")));
    }
}

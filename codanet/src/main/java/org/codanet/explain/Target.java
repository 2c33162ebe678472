package org.codanet.explain;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** What is explained of each image: some classes, or one unit. Every image of one call has the same number of targets. */
public sealed interface Target {
    /** The class with the highest logit. If logits are equal, the lower class index is selected. */
    record Predicted() implements Target {}

    /**
     * The classes with the highest logits, in descending order. Of equal logits the lower class index comes first.
     *
     * @param k number of classes; all classes if the network has fewer
     */
    record TopK(int k) implements Target {
        /** @throws IllegalArgumentException if k is not positive */
        public TopK {
            if (k < 1) {
                throw new IllegalArgumentException("target: k must be at least 1 for the top k classes, got " + k);
            }
        }
    }

    /**
     * The same classes for every image.
     *
     * @param classes indices from 0, in the order of the result
     */
    record Classes(List<Integer> classes) implements Target {
        /** @throws IllegalArgumentException if there is no class, or one occurs twice */
        public Classes {
            classes = distinct(classes);
        }
    }

    /**
     * Different classes for each image.
     *
     * @param classes one list for each image, all of the same length
     */
    record ClassesPerImage(List<List<Integer>> classes) implements Target {
        /** @throws IllegalArgumentException if a list is empty, has a class twice, or differs in length from the first */
        public ClassesPerImage {
            classes = classes.stream().map(Target::distinct).toList();
            if (classes.isEmpty()) {
                throw new IllegalArgumentException("target: no image was given a class");
            }
            for (int n = 1; n < classes.size(); n++) {
                if (classes.get(n).size() != classes.getFirst().size()) {
                    throw new IllegalArgumentException(
                            "target: image " + n + " has " + classes.get(n).size() + " classes, image 0 has "
                                    + classes.getFirst().size() + "; every image needs the same number");
                }
            }
        }
    }

    /**
     * One class of each image: a named one, or the one with the highest logit. One pass can therefore explain images whose callers ask for
     * different things.
     *
     * @param classes one entry for each image; empty for the class with the highest logit
     */
    record OneOfEach(List<OptionalInt> classes) implements Target {
        /** @throws IllegalArgumentException if the list is empty */
        public OneOfEach {
            classes = List.copyOf(classes);
            if (classes.isEmpty()) {
                throw new IllegalArgumentException("target: no image was given a class");
            }
        }

        /** The entries of some images. @throws IllegalArgumentException if a class does not exist, or the number of entries differs */
        List<OptionalInt> part(int first, int images, int ofImages, int numClasses) {
            if (classes.size() != ofImages) {
                throw new IllegalArgumentException(
                        "target: classes are given for " + classes.size() + " images, there are " + ofImages);
            }
            List<OptionalInt> part = classes.subList(first, first + images);
            part.forEach(k -> k.ifPresent(named -> requireClass(named, numClasses)));
            return part;
        }
    }

    /** Every class, in the network's order. */
    record All() implements Target {}

    /**
     * The evidence for one class compared with another: the difference of their contributions, which adds up to the difference of their
     * logits.
     *
     * @param favoured the class whose contributions count
     * @param opposed the class whose contributions are subtracted
     */
    record Against(int favoured, int opposed) implements Target {
        /** @throws IllegalArgumentException if both are the same class */
        public Against {
            if (favoured == opposed) {
                throw new IllegalArgumentException("target: class " + favoured + " cannot be compared with itself");
            }
        }
    }

    /**
     * The activation of one unit of one layer. No class is explained.
     *
     * @param unit the same for every image
     */
    record Activation(Unit unit) implements Target {}

    /** The class with the highest logit. */
    static Target predicted() {
        return new Predicted();
    }

    /** The k classes with the highest logits, in descending order. */
    static Target topK(int k) {
        return new TopK(k);
    }

    /** The same classes for every image. */
    static Target classes(Integer... classes) {
        return new Classes(List.of(classes));
    }

    /** Every class. */
    static Target all() {
        return new All();
    }

    /** One class compared with another. */
    static Target against(int favoured, int opposed) {
        return new Against(favoured, opposed);
    }

    /** The activation of one unit of one layer. */
    static Target activation(Unit unit) {
        return new Activation(unit);
    }

    /** Whether the classes are those with the highest logits; otherwise they are named. */
    default boolean isRanked() {
        return this instanceof Predicted || this instanceof TopK;
    }

    /**
     * The named classes of some images of a call. Empty if the logits decide, or if a unit is explained.
     *
     * @param first index of the first of these images in the call
     * @param images number of these images
     * @param ofImages number of images of the call
     * @param classes number of classes of the network
     * @throws IllegalArgumentException if a class does not exist, or there are lists for another number of images
     */
    default List<List<Integer>> named(int first, int images, int ofImages, int classes) {
        List<List<Integer>> named = switch (this) {
            case Predicted p -> List.of();
            case TopK top -> List.of();
            case Classes same -> repeat(same.classes(), images);
            case ClassesPerImage each -> {
                if (each.classes().size() != ofImages) {
                    throw new IllegalArgumentException("target: classes are given for "
                            + each.classes().size() + " images, there are " + ofImages);
                }
                yield each.classes().subList(first, first + images);
            }
            case OneOfEach each ->
                each.part(first, images, ofImages, classes).stream()
                        .map(k -> List.of(k.orElseThrow(() -> new IllegalArgumentException(
                                "target: the logits decide the class of some images, so not all classes are named"))))
                        .toList();
            case All all -> repeat(IntStream.range(0, classes).boxed().toList(), images);
            case Against pair -> repeat(List.of(pair.favoured(), pair.opposed()), images);
            case Activation unit -> List.of();
        };
        for (List<Integer> ofImage : named) {
            for (int k : ofImage) {
                requireClass(k, classes);
            }
        }
        return named;
    }

    private static void requireClass(int k, int classes) {
        if (k < 0 || k >= classes) {
            throw new IllegalArgumentException(
                    "target: there is no class " + k + "; the network has 0 to " + (classes - 1));
        }
    }

    /** Number of targets that are back-projected for each image, in a network with {@code classes} classes. */
    default int count(int classes) {
        return switch (this) {
            case Predicted p -> 1;
            case TopK top -> Math.min(top.k(), classes);
            case Classes same -> same.classes().size();
            case ClassesPerImage each -> each.classes().getFirst().size();
            case OneOfEach each -> 1;
            case All all -> classes;
            case Against pair -> 2;
            case Activation unit -> 1;
        };
    }

    private static List<List<Integer>> repeat(List<Integer> classes, int images) {
        return IntStream.range(0, images).mapToObj(n -> classes).toList();
    }

    private static List<Integer> distinct(List<Integer> classes) {
        if (classes.isEmpty()) {
            throw new IllegalArgumentException("target: no class is named");
        }
        if (new HashSet<>(classes).size() != classes.size()) {
            throw new IllegalArgumentException("target: a class is named twice in " + classes);
        }
        return List.copyOf(classes);
    }
}

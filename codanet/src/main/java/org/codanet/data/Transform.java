package org.codanet.data;

import java.util.List;
import java.util.random.RandomGenerator;

/** A change to an image before the network sees it. Stateless: what is random comes from the generator alone. */
@FunctionalInterface
public interface Transform {
    /** Images as they are. */
    Transform NONE = new Sequence(List.of());

    /**
     * {@return the changed image; the given one is left as it is, and may be what is returned}
     *
     * @param image values in [0, 1]
     * @param random where every random choice comes from; the same numbers give the same image
     * @throws IllegalArgumentException if the image's extents do not allow it
     */
    Pixels apply(Pixels image, RandomGenerator random);

    /**
     * {@return these changes, one after another}
     *
     * @param steps the first is made first
     */
    static Transform sequence(List<Transform> steps) {
        return new Sequence(steps);
    }

    /**
     * Changes made one after another.
     *
     * @param steps the first is made first
     */
    record Sequence(List<Transform> steps) implements Transform {
        /** Keeps a copy of the list. */
        public Sequence {
            steps = List.copyOf(steps);
        }

        @Override
        public Pixels apply(Pixels image, RandomGenerator random) {
            Pixels result = image;
            for (Transform step : steps) {
                result = step.apply(result, random);
            }
            return result;
        }
    }
}

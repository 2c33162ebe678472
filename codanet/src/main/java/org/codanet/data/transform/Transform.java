package org.codanet.data.transform;

import java.util.List;
import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;

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

    /** {@return whether nothing happens but that a window is taken of an image, which {@link #place} can tell} */
    default boolean isPlacement() {
        return false;
    }

    /**
     * {@return the window that this takes; {@link #apply} with the same random numbers gives its pixels}
     *
     * @param of what was taken before, at first the whole image
     * @param random where every random choice comes from
     * @throws IllegalArgumentException if the extents do not allow it
     * @throws UnsupportedOperationException unless {@link #isPlacement}
     */
    default Window place(Window of, RandomGenerator random) {
        throw new UnsupportedOperationException(this + " changes more than the place of pixels");
    }

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

        /** Of two windows the second may show what the first had left out: at most one, and mirrored in the end. */
        @Override
        public boolean isPlacement() {
            return steps.stream().allMatch(Transform::isPlacement)
                    && steps.stream()
                                    .filter(step -> !(step instanceof RandomFlip))
                                    .count()
                            <= 1;
        }

        @Override
        public Window place(Window of, RandomGenerator random) {
            Window window = of;
            for (Transform step : steps) {
                window = step.place(window, random);
            }
            return window;
        }
    }
}

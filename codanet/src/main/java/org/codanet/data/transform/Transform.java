package org.codanet.data.transform;

import java.util.List;
import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;

/** A transformation of an image before it is passed to the network. Stateless: all randomness comes from the generator. */
@FunctionalInterface
public interface Transform {
    /** Leaves images unchanged. */
    Transform NONE = new Sequence(List.of());

    /**
     * {@return the transformed image; the given image is not changed, and may itself be returned}
     *
     * @param image the image, with values in [0, 1]
     * @param random the source of every random choice; the same numbers give the same image
     * @throws IllegalArgumentException if the image's extents do not allow it
     */
    Pixels apply(Pixels image, RandomGenerator random);

    /** {@return whether this only cuts a window out of an image, mirrored or not, which {@link #place} returns} */
    default boolean isPlacement() {
        return false;
    }

    /**
     * {@return the window that this cuts out; {@link #apply} with the same random numbers gives its pixels}
     *
     * @param of the window that the previous steps cut out, at first the whole image
     * @param random the source of every random choice
     * @throws IllegalArgumentException if the extents of the window do not allow it
     * @throws UnsupportedOperationException unless {@link #isPlacement}
     */
    default Window place(Window of, RandomGenerator random) {
        throw new UnsupportedOperationException(this + " changes more than the place of pixels");
    }

    /**
     * {@return a transform that applies these steps one after another}
     *
     * @param steps the steps, in the order in which they are applied
     */
    static Transform sequence(List<Transform> steps) {
        return new Sequence(steps);
    }

    /**
     * Applies steps one after another.
     *
     * @param steps the steps, in the order in which they are applied
     */
    record Sequence(List<Transform> steps) implements Transform {
        /** Copies the list. */
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

        /**
         * At most one step may be a crop. A second crop could extend beyond the first and show pixels that the first had cut off.
         * Flips may come at any position, because the window records whether it is mirrored.
         */
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

package org.codanet.service;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.codanet.data.image.ImageSize;
import org.codanet.explain.Target;

/**
 * What a call asks for. Immutable; the {@code with} methods return changed copies.
 *
 * @param model name of the model; empty for the first model of the service
 * @param target what is explained: the predicted class, one class, several, all, or one class against another. {@code
 *     Target.ClassesPerImage} and {@code Target.Activation} are refused
 * @param mapSize rows and columns of the maps: each value is the sum of a block of pixels, so that the sum of the map does not change. They
 *     must divide the extents of the image. Empty for one value for each pixel
 * @param channels whether the contributions of each channel are computed as well
 * @param deadline the longest time from the call to its result; empty for no limit. A call whose deadline has passed is refused with {@link
 *     Outcome#DEADLINE}, and is not computed if it still waits
 * @param whenFull what happens if the queue is full
 */
public record ExplainOptions(
        Optional<String> model,
        Target target,
        Optional<ImageSize> mapSize,
        boolean channels,
        Optional<Duration> deadline,
        WhenFull whenFull) {

    /** What happens if the queue of the model is full. */
    public enum WhenFull {
        /** The call is refused with {@link Outcome#QUEUE_FULL}. */
        REFUSE,
        /** The calling thread waits until there is space, or until the deadline of the call. */
        WAIT
    }

    /** @throws IllegalArgumentException if the deadline is not positive */
    public ExplainOptions {
        Objects.requireNonNull(model);
        Objects.requireNonNull(target);
        Objects.requireNonNull(mapSize);
        Objects.requireNonNull(whenFull);
        if (deadline.isPresent() && !deadline.get().isPositive()) {
            throw new IllegalArgumentException("options: the deadline must be positive, got " + deadline.get());
        }
    }

    /** The predicted class of the first model, without a deadline; refused if the queue is full. */
    public static ExplainOptions defaults() {
        return new ExplainOptions(
                Optional.empty(), Target.predicted(), Optional.empty(), false, Optional.empty(), WhenFull.REFUSE);
    }

    /** {@link #defaults} for a target. */
    public static ExplainOptions of(Target target) {
        return defaults().withTarget(target);
    }

    /** These options for another model. */
    public ExplainOptions withModel(String name) {
        return new ExplainOptions(Optional.of(name), target, mapSize, channels, deadline, whenFull);
    }

    /** These options for another target. */
    public ExplainOptions withTarget(Target wanted) {
        return new ExplainOptions(model, wanted, mapSize, channels, deadline, whenFull);
    }

    /** These options with maps of that size. */
    public ExplainOptions withMapSize(int rows, int columns) {
        return new ExplainOptions(
                model, target, Optional.of(new ImageSize(rows, columns)), channels, deadline, whenFull);
    }

    /** These options with or without contributions for each channel. */
    public ExplainOptions withChannels(boolean wanted) {
        return new ExplainOptions(model, target, mapSize, wanted, deadline, whenFull);
    }

    /** These options with a deadline. */
    public ExplainOptions withDeadline(Duration longest) {
        return new ExplainOptions(model, target, mapSize, channels, Optional.of(longest), whenFull);
    }

    /** These options with another behaviour if the queue is full. */
    public ExplainOptions withWhenFull(WhenFull behaviour) {
        return new ExplainOptions(model, target, mapSize, channels, deadline, behaviour);
    }
}

package org.codanet.service;

import java.util.List;
import java.util.OptionalInt;
import org.codanet.explain.Target;

/**
 * What calls must have in common to be explained by one pass.
 *
 * @param form how the classes of an image are given
 * @param targets number of maps of each image that the pass computes
 * @param channels whether contributions for each channel are computed
 */
record BatchKind(Form form, int targets, boolean channels) {
    /** How the classes of an image are given. */
    enum Form {
        /** One class, named or predicted. */
        ONE,
        /** The classes with the highest logits. */
        RANKED,
        /** Two or more named classes. */
        NAMED
    }

    /** @throws IllegalArgumentException if the target does not describe one image, or names a class that does not exist */
    static BatchKind of(Target target, int classes, boolean channels) {
        if (target instanceof Target.Activation
                || target instanceof Target.ClassesPerImage
                || target instanceof Target.OneOfEach) {
            throw new IllegalArgumentException(
                    "target: a service explains the predicted class, named classes, the best classes, all classes, or one class"
                            + " against another; given is " + target);
        }
        target.named(0, 1, 1, classes);
        int count = target.count(classes);
        Form form = count == 1 ? Form.ONE : target.isRanked() ? Form.RANKED : Form.NAMED;
        return new BatchKind(form, count, channels);
    }

    /** The target of a batch of calls of this kind. @param targets of the calls, in the order of their images */
    Target batch(List<Target> targets, int classes) {
        return switch (form) {
            case ONE ->
                new Target.OneOfEach(targets.stream()
                        .map(target -> target.isRanked()
                                ? OptionalInt.empty()
                                : OptionalInt.of(target.named(0, 1, 1, classes)
                                        .getFirst()
                                        .getFirst()))
                        .toList());
            case RANKED -> Target.topK(this.targets);
            case NAMED ->
                new Target.ClassesPerImage(targets.stream()
                        .map(target -> target.named(0, 1, 1, classes).getFirst())
                        .toList());
        };
    }
}

package org.codanet.attribution;

import java.util.List;
import java.util.stream.IntStream;
import org.codanet.explain.Target;

/** Finds the classes that a target selects for given logits. */
public final class TargetClasses {
    private TargetClasses() {}

    /**
     * {@return N lists of T classes}
     *
     * @param logits (N, K)
     * @param classes K
     * @throws IllegalArgumentException if a class does not exist, or the target is the difference of two classes, which a method would
     *     have to explain as one function
     */
    public static List<List<Integer>> of(Target target, float[] logits, int classes) {
        if (target instanceof Target.Against) {
            throw new IllegalArgumentException(
                    "a class against another one is explained by the network's own contributions only; leave out the method");
        }
        int images = logits.length / classes;
        List<List<Integer>> named = target.named(0, images, images, classes);
        if (!target.isRanked()) {
            return named;
        }
        return IntStream.range(0, images)
                .mapToObj(n -> highest(logits, n * classes, classes, target.count(classes)))
                .toList();
    }

    private static List<Integer> highest(float[] logits, int start, int classes, int count) {
        return IntStream.range(0, classes)
                .boxed()
                .sorted((k, other) -> Float.compare(logits[start + other], logits[start + k]))
                .limit(count)
                .toList();
    }
}

package org.codanet.train;

import java.util.List;
import java.util.SplittableRandom;

/** Draws the class beside the true one whose linear map the regulariser keeps small. Source: paper, section 4.3. */
final class OtherClass {
    private OtherClass() {}

    /** For each label another class, each as likely, decided by the seed alone. */
    static List<Integer> draw(List<Integer> labels, int classes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return labels.stream()
                .map(label -> {
                    int drawn = random.nextInt(classes - 1);
                    return drawn < label ? drawn : drawn + 1;
                })
                .toList();
    }
}

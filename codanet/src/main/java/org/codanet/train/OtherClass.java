package org.codanet.train;

import java.util.List;
import java.util.SplittableRandom;

/** Draws the wrong class whose linear map the regulariser penalises besides that of the label. Source: paper, section 4.3. */
final class OtherClass {
    private OtherClass() {}

    /** One class for each label, drawn uniformly from all other classes. The same seed gives the same classes. */
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

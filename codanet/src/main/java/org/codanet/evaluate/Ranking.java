package org.codanet.evaluate;

/** The rank of a class among the logits of an image. */
public final class Ranking {
    private Ranking() {}

    /** Number of classes that rank before {@code k}: those with a higher logit, and those with the same logit and a lower index. */
    public static int rankOf(int k, float[] logits, int start, int classes) {
        float own = logits[start + k];
        int ahead = 0;
        for (int other = 0; other < classes; other++) {
            float value = logits[start + other];
            if (value > own || value == own && other < k) {
                ahead++;
            }
        }
        return ahead;
    }
}

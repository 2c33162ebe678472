package org.codanet.video;

import java.util.Arrays;
import java.util.Optional;

/** The mean correlation of consecutive arrays: 1 if none differs from the one before, apart from a factor and a constant. */
final class Stability {
    private Optional<float[]> last = Optional.empty();
    private double sum;
    private int count;

    /** Compares with the array before. */
    void add(float[] values) {
        if (last.isPresent()) {
            sum += correlation(last.get(), values);
            count++;
        }
        last = Optional.of(values.clone());
    }

    /** {@return the mean; 1 if there were fewer than two arrays} */
    double mean() {
        return count == 0 ? 1 : sum / count;
    }

    /** Pearson's correlation. Of constant arrays it is 1 if both are equal, and 0 otherwise. */
    static double correlation(float[] a, float[] b) {
        double meanA = mean(a);
        double meanB = mean(b);
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }
        if (aa == 0 || bb == 0) {
            return Arrays.equals(a, b) ? 1 : 0;
        }
        return ab / Math.sqrt(aa * bb);
    }

    private static double mean(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}

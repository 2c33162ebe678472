package org.codanet.plot;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A linear axis.
 *
 * @param from value at {@code start}
 * @param to value at {@code end}
 * @param start position in pixels
 * @param end position in pixels; may be smaller than {@code start}
 */
record Axis(double from, double to, double start, double end) {
    private static final int TICKS = 5;

    /** {@return the position of a value; values outside the axis are moved to its ends} */
    double at(double value) {
        double share = Math.clamp((value - from) / (to - from), 0, 1);
        return start + share * (end - start);
    }

    /** {@return about five values at round numbers, the ends included} */
    List<Double> ticks() {
        return IntStream.rangeClosed(0, TICKS)
                .mapToObj(i -> from + (to - from) * i / TICKS)
                .toList();
    }

    /** {@return a value without superfluous zeros} */
    static String text(double value) {
        String text = String.format(Locale.ROOT, "%.3f", value);
        return text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
}

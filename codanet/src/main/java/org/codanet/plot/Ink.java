package org.codanet.plot;

import java.util.ArrayList;
import java.util.List;

/**
 * A colour of a plot. The eight colours of series are based on those of Okabe and Ito, which people with colour vision deficiency can tell
 * apart.
 *
 * @param name in style sheets
 * @param light 0xRRGGBB on a light background
 * @param dark 0xRRGGBB on a dark background
 */
public record Ink(String name, int light, int dark) {
    /** Titles and labels of series. */
    public static final Ink TEXT = new Ink("text", 0x1d1c1a, 0xecebe8);
    /** Numbers of an axis. */
    public static final Ink MUTED = new Ink("muted", 0x6b675f, 0xa9a69f);
    /** Grid lines. */
    public static final Ink GRID = new Ink("grid", 0xe2ded6, 0x373a42);
    /** Reference lines. */
    public static final Ink REFERENCE = new Ink("reference", 0x8a857b, 0x97938a);

    private static final List<Ink> SERIES = List.of(
            new Ink("s0", 0x0072b2, 0x56b4e9),
            new Ink("s1", 0xd55e00, 0xff8a3d),
            new Ink("s2", 0x009e73, 0x2fcb9f),
            new Ink("s3", 0xb8558c, 0xe08fbd),
            new Ink("s4", 0xb07d00, 0xe6b422),
            new Ink("s5", 0x5b4fc4, 0xa59bff),
            new Ink("s6", 0x5a5a5a, 0xc0c0c0),
            new Ink("s7", 0x9b1c31, 0xff7f93));

    /** {@return the colour of a series; the ninth series has the colour of the first one again} */
    public static Ink series(int number) {
        return SERIES.get(number % SERIES.size());
    }

    /** {@return whether lines of a series are dashed, because an earlier series has the same colour} */
    public static boolean isDashed(int number) {
        return number / SERIES.size() % 2 == 1;
    }

    /** {@return all colours} */
    static List<Ink> all() {
        List<Ink> all = new ArrayList<>(List.of(TEXT, MUTED, GRID, REFERENCE));
        all.addAll(SERIES);
        return all;
    }
}

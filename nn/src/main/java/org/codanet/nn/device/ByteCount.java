package org.codanet.nn.device;

import java.util.Locale;

/** Numbers of bytes for people: one decimal in the largest of bytes, KiB, MiB and GiB that leaves one digit or more before it. */
public final class ByteCount {
    private static final double UNIT = 1024;

    private ByteCount() {}

    /** For example {@code 17 bytes}, {@code 1.5 KiB}, {@code 12.3 MiB}. Up to 10 GiB it is MiB, to be compared at a glance. */
    public static String text(long bytes) {
        if (bytes < UNIT) {
            return bytes + (bytes == 1 ? " byte" : " bytes");
        }
        if (bytes < UNIT * UNIT) {
            return String.format(Locale.ROOT, "%.1f KiB", bytes / UNIT);
        }
        double mebibytes = bytes / UNIT / UNIT;
        return mebibytes < 10 * UNIT
                ? String.format(Locale.ROOT, "%.1f MiB", mebibytes)
                : String.format(Locale.ROOT, "%.1f GiB", mebibytes / UNIT);
    }
}

package org.codanet.nn.device;

import java.util.Locale;

/** Formats numbers of bytes for people: one decimal, in bytes, KiB, MiB or GiB. */
public final class ByteCount {
    private static final double UNIT = 1024;

    private ByteCount() {}

    /** For example {@code 17 bytes}, {@code 1.5 KiB}, {@code 12.3 MiB}. Sizes up to 10 GiB are in MiB, so that they are easy to compare. */
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

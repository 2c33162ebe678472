package org.codanet.cli.console;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes in bytes as text, such as {@code 800m}, {@code 2g} or {@code 1.5GiB}. Units are powers of 1024. */
public final class ByteSize implements ITypeConverter<Long> {
    private static final Pattern FORM =
            Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kmgt]?)(?:i?b)?", Pattern.CASE_INSENSITIVE);
    private static final double MIB = 1024.0 * 1024.0;

    @Override
    public Long convert(String text) {
        Matcher parts = FORM.matcher(text.strip());
        if (!parts.matches()) {
            throw new TypeConversionException("'" + text + "' is not a size in bytes such as 800m or 2g");
        }
        int power =
                parts.group(2).isEmpty() ? 0 : 1 + "kmgt".indexOf(parts.group(2).toLowerCase(Locale.ROOT));
        double bytes = Double.parseDouble(parts.group(1)) * Math.pow(1024, power);
        if (!(bytes >= 1 && bytes < Long.MAX_VALUE)) {
            throw new TypeConversionException("'" + text + "' must be at least 1 byte and less than 8 EiB");
        }
        return (long) bytes;
    }

    /** The size with one decimal, in MiB below 10 GiB and in GiB otherwise. */
    public static String text(long bytes) {
        double mebibytes = bytes / MIB;
        return mebibytes < 10 * 1024
                ? String.format(Locale.ROOT, "%.1f MiB", mebibytes)
                : String.format(Locale.ROOT, "%.1f GiB", mebibytes / 1024);
    }

    /** The size in MiB. */
    public static double mebibytes(long bytes) {
        return bytes / MIB;
    }
}

package org.codanet.markup;

import java.util.Locale;

/** Text and numbers for an HTML page. The format of numbers does not depend on the locale. */
public final class Html {
    private Html() {}

    /** The text with the special characters of HTML, XML and their attributes replaced. */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> {
                    // A file name may hold control characters, but XML does not allow them.
                    boolean allowed = c >= 0x20 || c == '\n' || c == '\t';
                    escaped.appendCodePoint(allowed && !Character.isSurrogate((char) Math.min(c, 0xffff)) ? c : 0xfffd);
                }
            }
        });
        return escaped.toString();
    }

    /** With three decimals and a typographic minus sign. */
    public static String number(double value) {
        return signed(String.format(Locale.ROOT, "%.3f", value));
    }

    /** As {@link #number}, with a plus sign if the value is not negative. */
    public static String change(double value) {
        return signed(String.format(Locale.ROOT, "%+.3f", value));
    }

    /** In scientific notation with one decimal, such as {@code 3.0e-07}. */
    public static String tiny(double value) {
        return value == 0 ? "0" : signed(String.format(Locale.ROOT, "%.1e", value));
    }

    /** A share in [0, 1] as a percentage. Only exact shares of 0 and 1 become 0.0 % and 100.0 %. */
    public static String percent(double share) {
        if (share > 0 && share < 0.001) {
            return "<0.1 %";
        }
        if (share < 1 && share > 0.999) {
            return ">99.9 %";
        }
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /** With three significant digits. */
    public static String short3(double value) {
        return signed(String.format(Locale.ROOT, "%.3g", value));
    }

    private static String signed(String text) {
        return text.startsWith("-") ? "\u2212" + text.substring(1) : text;
    }
}

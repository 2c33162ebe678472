package org.codanet.report;

import java.util.Locale;

/** Text and numbers as they stand in a page. Numbers are written alike in every locale. */
final class Html {
    private Html() {}

    /** The text with the characters that mean something in HTML, XML and their attributes replaced. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> {
                    // Control characters, as a file name may hold them, are not allowed in XML.
                    boolean allowed = c >= 0x20 || c == '\n' || c == '\t';
                    escaped.appendCodePoint(allowed && !Character.isSurrogate((char) Math.min(c, 0xffff)) ? c : 0xfffd);
                }
            }
        });
        return escaped.toString();
    }

    /** With three decimals and a true minus sign. */
    static String number(double value) {
        return signed(String.format(Locale.ROOT, "%.3f", value));
    }

    /** {@link #number} with a plus sign where it is positive. */
    static String change(double value) {
        return signed(String.format(Locale.ROOT, "%+.3f", value));
    }

    /** As 1.3·10⁻⁶ is read aloud by nobody: one digit after the point and a short exponent. */
    static String tiny(double value) {
        return value == 0 ? "0" : signed(String.format(Locale.ROOT, "%.1e", value));
    }

    /** A share in [0, 1] in percent; nothing between is shown as 0 or 100. */
    static String percent(double share) {
        if (share > 0 && share < 0.001) {
            return "<0.1 %";
        }
        if (share < 1 && share > 0.999) {
            return ">99.9 %";
        }
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /** Three significant digits. */
    static String short3(double value) {
        return signed(String.format(Locale.ROOT, "%.3g", value));
    }

    private static String signed(String text) {
        return text.startsWith("-") ? "\u2212" + text.substring(1) : text;
    }
}

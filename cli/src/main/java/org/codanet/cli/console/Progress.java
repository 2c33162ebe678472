package org.codanet.cli.console;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows the progress of a long task with rate and remaining time. On a terminal it redraws one line. Elsewhere it prints a new line
 * every ten seconds. Not thread-safe.
 */
public final class Progress implements AutoCloseable {
    private static final long TERMINAL_INTERVAL = 100_000_000L;
    private static final long LINE_INTERVAL = 10_000_000_000L;
    private static final int BAR = 10;

    /** Width of the terminal. A longer line would wrap and could not be redrawn. */
    private static final int COLUMNS = columns();

    private final PrintWriter out;
    private final boolean terminal;
    private final String what;
    private final String unit;
    private final long total;
    private final LongSupplier nanoTime;
    private final long started;
    private long shown;
    private long done;
    private String note = "";
    private int drawn;

    /**
     * @param out where to print; null prints nothing
     * @param terminal whether lines can be redrawn
     * @param total number of units at the end
     * @param nanoTime a clock in nanoseconds, like {@link System#nanoTime}
     */
    Progress(PrintWriter out, boolean terminal, String what, String unit, long total, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.what = what;
        this.unit = unit;
        this.total = Math.max(1, total);
        this.nanoTime = nanoTime;
        this.started = nanoTime.getAsLong();
        this.shown = started;
    }

    /**
     * Updates the display.
     *
     * @param units number of units that are done
     * @param remark text at the end of the line, such as the loss
     * @throws OutputClosedException if the reader of the output has closed it
     */
    public void at(long units, String remark) {
        done = units;
        note = remark;
        long now = nanoTime.getAsLong();
        if (out != null && now - shown >= (terminal ? TERMINAL_INTERVAL : LINE_INTERVAL)) {
            shown = now;
            show(now);
        }
    }

    /**
     * Updates the display and keeps the last remark.
     *
     * @param units number of units that are done
     */
    public void at(long units) {
        at(units, note);
    }

    private static int columns() {
        String columns = System.getenv("COLUMNS");
        return columns != null && columns.matches("[1-9]\\d{1,3}") ? Integer.parseInt(columns) : 80;
    }

    private void show(long now) {
        String line = line(now);
        if (terminal && line.length() >= COLUMNS) {
            line = line.substring(0, COLUMNS - 1);
        }
        if (terminal) {
            // Blanks overwrite the rest of a longer line.
            out.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
            drawn = line.length();
        } else {
            out.println(line);
        }
        out.flush();
        Console.requireReader(out);
    }

    private String line(long now) {
        double seconds = (now - started) / 1e9;
        double rate = seconds > 0 ? done / seconds : 0;
        StringBuilder line = new StringBuilder(what).append(' ');
        if (terminal) {
            int full = (int) (BAR * Math.min(done, total) / total);
            line.append('[')
                    .append("=".repeat(full))
                    .append(" ".repeat(BAR - full))
                    .append("] ");
        }
        line.append(String.format(Locale.ROOT, "%3d %%  ", 100 * done / total));
        if (!terminal) {
            line.append(done).append('/').append(total).append("  ");
        }
        line.append(rounded(rate)).append(' ').append(unit).append("/s");
        if (done > 0 && done < total) {
            line.append("  ").append(duration((total - done) / rate)).append(" left");
        }
        return note.isEmpty() ? line.toString() : line.append("  ").append(note).toString();
    }

    private static String rounded(double rate) {
        return String.format(Locale.ROOT, rate < 10 ? "%.2f" : rate < 100 ? "%.1f" : "%.0f", rate);
    }

    /** A duration as text: 42 s, 3:07 min, 1:02:09 h. */
    static String duration(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        if (whole < 3600) {
            return String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60);
        }
        return String.format(Locale.ROOT, "%d:%02d:%02d h", whole / 3600, whole / 60 % 60, whole % 60);
    }

    /** Ends the line, so that further output begins on a new one. Idempotent. */
    public void finish() {
        if (out != null && terminal && drawn > 0) {
            drawn = 0;
            show(nanoTime.getAsLong());
            out.println();
            out.flush();
        }
    }

    @Override
    public void close() {
        finish();
    }
}

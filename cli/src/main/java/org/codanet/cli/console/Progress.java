package org.codanet.cli.console;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a long piece of work is, with rate and remaining time: one line drawn over and over on a terminal, a plain line now
 * and then elsewhere. Not thread-safe.
 */
public final class Progress implements AutoCloseable {
    private static final long TERMINAL_PAUSE = 100_000_000L;
    private static final long LINE_PAUSE = 10_000_000_000L;
    private static final int BAR = 10;
    /** A line that is longer than the terminal is wide cannot be drawn over. */
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
     * @param out null prints nothing
     * @param terminal whether lines can be drawn over
     * @param total steps at the end
     * @param nanoTime a clock as {@link System#nanoTime}
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
     * So many steps are done; {@code remark} is shown behind, such as the loss.
     *
     * @throws UnreadException if nobody reads it any more
     */
    public void at(long steps, String remark) {
        done = steps;
        note = remark;
        long now = nanoTime.getAsLong();
        if (out != null && now - shown >= (terminal ? TERMINAL_PAUSE : LINE_PAUSE)) {
            shown = now;
            show(now);
        }
    }

    /** So many steps are done. */
    public void at(long steps) {
        at(steps, note);
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
            // Blanks cover what a longer line before left.
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
        line.append(shorter(rate)).append(' ').append(unit).append("/s");
        if (done > 0 && done < total) {
            line.append("  ").append(duration((total - done) / rate)).append(" left");
        }
        return note.isEmpty() ? line.toString() : line.append("  ").append(note).toString();
    }

    private static String shorter(double rate) {
        return String.format(Locale.ROOT, rate < 10 ? "%.2f" : rate < 100 ? "%.1f" : "%.0f", rate);
    }

    /** Seconds as a person says them: 42 s, 3:07 min, 1:02:09 h. */
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

    /** Ends the line, so that what follows begins a new one; twice is harmless. */
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

package org.codanet.cli.command;

import java.util.function.BooleanSupplier;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Progress;
import org.codanet.comparison.Comparison;
import org.codanet.comparison.Metric;

/** Shows the progress of a comparison, one series after another. */
final class SeriesDisplay implements Comparison.Listener, AutoCloseable {
    private final Console console;
    private final BooleanSupplier stopped;
    private Progress progress;

    /** @param stopped whether the comparison has to end after the current row */
    SeriesDisplay(Console console, BooleanSupplier stopped) {
        this.console = console;
        this.stopped = stopped;
    }

    @Override
    public void begin(String model, String method, Metric metric, int done, int of) {
        close();
        if (done > 0) {
            console.say(model + " " + method + " " + metric.label() + ": " + done + " of " + of
                    + " were measured by an earlier run");
        }
        progress = console.progress(
                model + " " + method + " " + metric.label(),
                metric.isOfGrids() ? "grids" : metric == Metric.POINTING ? "objects" : "images",
                of);
    }

    @Override
    public boolean measured(int done, int of) {
        progress.at(done);
        return !stopped.getAsBoolean();
    }

    @Override
    public void close() {
        if (progress != null) {
            progress.close();
        }
    }
}

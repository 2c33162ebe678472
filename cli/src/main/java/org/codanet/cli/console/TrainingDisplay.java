package org.codanet.cli.console;

import java.nio.file.Path;
import java.util.Locale;
import org.codanet.train.EpochMetrics;
import org.codanet.train.TrainingListener;

/**
 * Shows the progress of a training: a progress bar for each epoch, then a line with its metrics. If the reader of the output has
 * closed it, the display stops the run, which then writes a checkpoint.
 */
public final class TrainingDisplay implements TrainingListener, AutoCloseable {
    private final Console console;
    private final int epochs;
    private org.codanet.cli.console.Progress bar;
    private int barEpoch;
    private Runnable stop = () -> {};
    private boolean outputClosed;

    /** @param epochs number of epochs of the run */
    public TrainingDisplay(Console console, int epochs) {
        this.console = console;
        this.epochs = epochs;
    }

    /** Sets the action that stops the run when the output is closed. */
    public void onOutputClosed(Runnable stopRun) {
        stop = stopRun;
    }

    /** Whether the reader of the output has closed it. */
    public boolean isOutputClosed() {
        return outputClosed;
    }

    private void show(Runnable output) {
        if (outputClosed) {
            return;
        }
        try {
            output.run();
        } catch (OutputClosedException e) {
            outputClosed = true;
            stop.run();
        }
    }

    @Override
    public void step(TrainingListener.Progress at) {
        show(() -> draw(at));
    }

    private void draw(TrainingListener.Progress at) {
        if (bar == null || barEpoch != at.epoch()) {
            finish();
            barEpoch = at.epoch();
            bar = console.progress("epoch " + at.epoch() + "/" + at.epochs(), "images", at.images());
        }
        bar.at(at.image(), String.format(Locale.ROOT, "loss %.4f  %.1f %%", at.loss(), 100 * at.top1()));
    }

    @Override
    public void epoch(EpochMetrics metrics, boolean best) {
        finish();
        String line = String.format(
                Locale.ROOT,
                "epoch %d/%d  loss %.4f  accuracy %.1f %%  held out: loss %.4f  accuracy %.1f %%%s  %s",
                metrics.epoch(),
                epochs,
                metrics.trainLoss(),
                100 * metrics.trainTop1(),
                metrics.testLoss(),
                100 * metrics.testTop1(),
                best ? " (best)" : "",
                org.codanet.cli.console.Progress.duration(metrics.seconds()));
        show(() -> console.say(line));
    }

    @Override
    public void checkpoint(Path file) {
        console.detail("checkpoint: " + file);
    }

    @Override
    public void message(String text) {
        show(() -> console.say(text));
    }

    /** Ends the line of the progress bar, if one is drawn. Idempotent. */
    public void finish() {
        if (bar != null) {
            org.codanet.cli.console.Progress drawn = bar;
            bar = null;
            show(drawn::finish);
        }
    }

    @Override
    public void close() {
        finish();
    }
}

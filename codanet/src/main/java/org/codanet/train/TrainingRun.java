package org.codanet.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.codanet.file.AtomicFile;
import org.codanet.model.ModelFile;
import org.codanet.report.CurvePoint;
import org.codanet.report.TrainingCurve;

/**
 * The folder of a run. Each file is replaced atomically, so a crash never leaves an incomplete file.
 *
 * @param folder of the run
 */
public record TrainingRun(Path folder) {
    /** The state from which the run can be resumed. */
    public Path checkpoint() {
        return folder.resolve("checkpoint.safetensors");
    }

    /** The network after the epoch with the best top-1 on the test images. */
    public Path best() {
        return folder.resolve("best.safetensors");
    }

    /** The network after the last finished epoch. */
    public Path last() {
        return folder.resolve("last.safetensors");
    }

    /** The table of metrics, one line for each epoch. */
    public Path metrics() {
        return folder.resolve("metrics.csv");
    }

    /** The picture of loss and accuracy over the epochs. */
    public Path curve() {
        return folder.resolve("curve.svg");
    }

    /** @throws TrainingException if the folder has a checkpoint, which a new run would overwrite */
    public void requireNoCheckpoint() {
        if (Files.exists(checkpoint())) {
            throw new TrainingException("train: " + checkpoint()
                    + " exists already; continue that run with --resume, or choose another folder");
        }
    }

    /** Replaces the last network and, if it is the best so far, the best one. */
    void writeModels(ModelFile model, boolean isBest) throws IOException {
        if (isBest) {
            model.write(best());
        }
        model.write(last());
    }

    /** Replaces the table and the picture of a run's metrics. */
    void writeMetrics(List<EpochMetrics> epochs) throws IOException {
        writeText(metrics(), MetricsCsv.write(epochs));
        List<CurvePoint> points = epochs.stream()
                .map(m -> new CurvePoint(m.epoch(), m.trainLoss(), m.testLoss(), m.trainTop1(), m.testTop1()))
                .toList();
        writeText(curve(), new TrainingCurve(points).svg());
    }

    private static void writeText(Path file, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(file, channel -> {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
    }
}

package org.codanet.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The text form of a run's metrics: a header, then one line for each epoch, with numbers as {@link Double#toString} writes them. */
public final class MetricsCsv {
    private static final String HEADER =
            "epoch,updates,rate,train_loss,train_top1,test_loss,test_top1,test_top5,seconds";

    private MetricsCsv() {}

    /** Writes the contents of the file. */
    public static String write(List<EpochMetrics> epochs) {
        StringBuilder text = new StringBuilder(HEADER).append('\n');
        for (EpochMetrics m : epochs) {
            text.append(m.epoch()).append(',').append(m.updates());
            double[] numbers = {
                m.rate(), m.trainLoss(), m.trainTop1(), m.testLoss(), m.testTop1(), m.testTop5(), m.seconds()
            };
            for (double number : numbers) {
                text.append(',').append(number);
            }
            text.append('\n');
        }
        return text.toString();
    }

    /**
     * Reads the contents of the file.
     *
     * @throws IllegalArgumentException naming the first line that does not describe an epoch
     */
    public static List<EpochMetrics> read(String text) {
        List<String> lines = text.lines().toList();
        if (lines.isEmpty() || !lines.getFirst().equals(HEADER)) {
            throw new IllegalArgumentException("metrics: the first line is not " + HEADER);
        }
        List<EpochMetrics> epochs = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            String[] fields = lines.get(i).split(",", -1);
            try {
                if (fields.length != 9) {
                    throw new NumberFormatException(fields.length + " fields");
                }
                double[] v = new double[9];
                for (int f = 2; f < 9; f++) {
                    v[f] = Double.parseDouble(fields[f]);
                }
                epochs.add(new EpochMetrics(
                        Integer.parseInt(fields[0]),
                        Long.parseLong(fields[1]),
                        v[2],
                        v[3],
                        v[4],
                        v[5],
                        v[6],
                        v[7],
                        v[8]));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        String.format(
                                Locale.ROOT, "metrics: line %d does not describe an epoch: %s", i + 1, lines.get(i)),
                        e);
            }
        }
        return List.copyOf(epochs);
    }
}

package org.codanet.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.comparison.ComparisonSettings;
import org.codanet.comparison.Metric;
import org.codanet.metrics.Removal;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiments;
import org.codanet.model.NetworkConfig;

/**
 * A value that the authors of CoDA-Nets published for the 9-layer S-CoDA-SQ on CIFAR-10: 500 grids of 3 × 3 images, and 1,024 curves of
 * pixel removal, the least important pixels first, up to a quarter of the pixels. The values are those of the result files beside the
 * published code of Böhle, Fritz, Schiele, CVPR 2021.
 *
 * @param value mean over all cells or over all curves
 * @param details percentiles or points of the curve; empty if they are not published
 */
public record PublishedValue(double value, String details) {
    private static final double SHARE = 0.25;
    private static final int SIDE = 3;
    private static final int RIVALS_TEMPERATURE = 1000;

    /** What was published at one temperature for one method. */
    private record Entry(
            int temperature, String method, Map<String, String> settings, Metric metric, PublishedValue value) {
        Entry(int temperature, String method, Metric metric, double value, String details) {
            this(temperature, method, Map.of(), metric, new PublishedValue(value, details));
        }
    }

    private static final List<Entry> ENTRIES = entries();

    private static List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        add(all, "ours", .9115, ".880 .938 .969", .964, ".927 .964 .962");
        add(all, "occ9", .8422, ".786 .867 .926", .957, ".927 .959 .962");
        add(all, "occ5", .5635, ".470 .567 .659", .959, ".927 .968 .949");
        add(all, "gcam", .7257, ".650 .743 .818", .877, ".927 .888 .842");
        add(all, "intgrad", .1545, ".125 .152 .181", .574, ".927 .663 .250");
        add(all, "ixg", .1441, ".114 .140 .169", .562, ".927 .624 .251");
        add(all, "deeplift", .1441, ".114 .140 .169", .562, ".927 .624 .251");
        add(all, "grad", .1437, ".122 .143 .165", .861, ".927 .891 .756");
        int[] temperatures = {10, 50, 100, 500, 5000};
        double[] localisation = {.314, .445, .637, .840, .908};
        double[] removal = {.801, .856, .865, .951, .968};
        String[] whole = {".921", ".913", ".923", ".916", ".923"};
        for (int i = 0; i < temperatures.length; i++) {
            all.add(new Entry(temperatures[i], "ours", Metric.LOCALISATION, localisation[i], ""));
            all.add(new Entry(temperatures[i], "ours", Metric.REMOVAL, removal[i], whole[i]));
        }
        return List.copyOf(all);
    }

    private static void add(
            List<Entry> all, String method, double localisation, String quartiles, double removal, String points) {
        all.add(new Entry(RIVALS_TEMPERATURE, method, Metric.LOCALISATION, localisation, quartiles));
        all.add(new Entry(RIVALS_TEMPERATURE, method, Metric.REMOVAL, removal, points));
        if (method.startsWith("occ")) {
            // The published code has another window. The same values are shown for both.
            Map<String, String> original = Map.of("window", "original");
            all.add(new Entry(
                    RIVALS_TEMPERATURE,
                    method,
                    original,
                    Metric.LOCALISATION,
                    new PublishedValue(localisation, quartiles)));
            all.add(new Entry(
                    RIVALS_TEMPERATURE, method, original, Metric.REMOVAL, new PublishedValue(removal, points)));
        }
    }

    /**
     * {@return the published value for a network and a method; empty if none was published, or if the settings of the metric differ from
     * those of the authors}
     */
    public static Optional<PublishedValue> of(
            NetworkConfig network, AttributionMethod method, Metric metric, ComparisonSettings settings) {
        boolean comparable = metric == Metric.LOCALISATION
                ? settings.side() == SIDE
                : settings.pixelRemoval(Removal.LEAST_IMPORTANT_FIRST).share() == SHARE;
        CodaNetConfig published =
                Experiments.named("9L-S-CoDA-SQ-1000").network().requireCodaNet();
        if (!comparable
                || !(network instanceof CodaNetConfig coda)
                || !coda.layers().equals(published.layers())) {
            return Optional.empty();
        }
        return ENTRIES.stream()
                .filter(entry -> entry.metric() == metric
                        && entry.temperature() == coda.temperature()
                        && AttributionMethods.of(entry.method(), entry.settings())
                                .equals(method))
                .map(Entry::value)
                .findFirst();
    }
}

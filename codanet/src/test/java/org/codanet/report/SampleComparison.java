package org.codanet.report;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.codanet.comparison.Metric;
import org.codanet.comparison.Series;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/** A report with synthetic values of two models, three methods and two metrics. It needs no network. */
final class SampleComparison {
    static final List<String> METHODS = List.of("ours", "occlusion:size=9:stride=4", "<grad>");
    private static final int POINTS = 9;

    private SampleComparison() {}

    static ComparisonPage page() {
        List<Double> percent = new ArrayList<>();
        for (int point = 0; point < POINTS; point++) {
            percent.add(25.0 * point / (POINTS - 1));
        }
        return new ComparisonPage(
                List.of(
                        new PageFact("Data", "CIFAR-10", "10,000 images"),
                        new PageFact("Protocol", "corrected", "without the errors of the published code")),
                Map.of("Command", "codanet evaluate-explanations --model 'a & b.safetensors' --data cifar --out study"),
                List.of(model("9L-S-CoDA-SQ-1000", 1), model("XS-CoDA-SQ-30", 2)),
                Map.of(Metric.REMOVAL, percent));
    }

    private static ComparedModel model(String name, int seed) {
        Random random = new Random(seed);
        List<ComparedModel.Result> results = new ArrayList<>();
        for (int m = 0; m < METHODS.size(); m++) {
            double centre = 0.9 / (m * seed + 1);
            List<double[]> cells = new ArrayList<>();
            List<double[]> curves = new ArrayList<>();
            for (int row = 0; row < 20; row++) {
                cells.add(random.doubles(9)
                        .map(v -> Math.clamp(centre + 0.2 * (v - 0.5), 0, 1))
                        .toArray());
                double[] curve = new double[POINTS];
                for (int point = 0; point < POINTS; point++) {
                    curve[point] = Math.clamp(0.92 - point * 0.08 * m + 0.1 * random.nextDouble(), 0, 1);
                }
                curves.add(curve);
            }
            boolean published = m == 0 && seed == 1;
            results.add(new ComparedModel.Result(
                    new Series(name, METHODS.get(m), Metric.LOCALISATION, cells, 0),
                    published ? Optional.of(new PublishedValue(.9115, ".880 .938 .969")) : Optional.empty()));
            results.add(new ComparedModel.Result(
                    new Series(name, METHODS.get(m), Metric.REMOVAL, curves, 0), Optional.empty()));
        }
        return new ComparedModel(name, "9 layers, 8,000,000 weights", "ab".repeat(32), results, gallery(random));
    }

    private static Optional<ComparisonGallery> gallery(Random random) {
        List<ComparisonGallery.Row> rows = new ArrayList<>();
        for (String label : List.of("cat", "ship & \"boat\"")) {
            List<BufferedImage> maps = new ArrayList<>();
            for (int m = 0; m < METHODS.size(); m++) {
                float[] map = new float[64];
                for (int i = 0; i < map.length; i++) {
                    map[i] = (float) random.nextGaussian();
                }
                maps.add(ContributionPicture.colours(SignedMap.of(8, 8, map), new ColourRange(2)));
            }
            rows.add(new ComparisonGallery.Row(label, Picture.ofPlanes(new float[64], 0, 1, 8, 8), maps));
        }
        return Optional.of(new ComparisonGallery(METHODS, rows));
    }
}

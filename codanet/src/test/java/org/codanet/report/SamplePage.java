package org.codanet.report;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.codanet.explain.ClassScore;
import org.codanet.nn.op.LossKind;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/** A page of drawn shapes with synthetic contributions. It has every element that a page can have, and needs no network. */
final class SamplePage {
    static final List<String> LABELS = List.of(
            "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");
    static final double BIAS = -2.197;
    private static final int SIDE = 28;

    private SamplePage() {}

    /** Images 2, 5, 8 ... are classified wrongly. The name of image 3 has to be escaped. */
    static ExplanationPage of(int count) {
        Random random = new Random(7);
        List<ExplainedImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(image(i, random));
        }
        List<CurvePoint> curve = IntStream.rangeClosed(1, 8)
                .mapToObj(e -> new CurvePoint(
                        e, 0.31 / Math.sqrt(e), 0.33 / Math.sqrt(e), 1 - 0.4 / (e + 0.3), 1 - 0.42 / (e + 0.2)))
                .toList();
        return new ExplanationPage(
                "What the network looked at",
                "A small CoDA-Net classifies pictures of clothes. For each picture, this page shows how much every pixel"
                        + " contributes to the scores of some classes.",
                List.of(
                        new PageFact("Model", "grey-small", "6 layers, 212,340 parameters"),
                        new PageFact("Accuracy", "86.4 %", "of 2,000 held-out images classified correctly"),
                        new PageFact("Data", "Fashion-MNIST", "a subset with 10,000 training images"),
                        new PageFact("Device", "cpu", "2 threads, fp32"),
                        new PageFact("Created", "2026-11-23", "")),
                PageText.probabilities(LossKind.BCE),
                Optional.of(new TrainingCurve(curve)),
                Optional.empty(),
                images);
    }

    private static ExplainedImage image(int i, Random random) {
        float[] pixels = new float[SIDE * SIDE];
        float[] base = new float[SIDE * SIDE];
        double radius = 6 + random.nextInt(5);
        double squash = 0.6 + random.nextDouble();
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                double d = Math.hypot((x - 14) * squash, y - 14) / radius;
                pixels[y * SIDE + x] =
                        (float) Math.max(0, Math.min(1, 2 - 1.6 * d) * (0.8 + 0.2 * random.nextDouble()));
                base[y * SIDE + x] = (float) (0.05 * Math.exp(-8 * (d - 1) * (d - 1)));
            }
        }
        BufferedImage input = Picture.ofPlanes(pixels, 0, 1, SIDE, SIDE);
        List<ExplainedClass> classes = new ArrayList<>();
        for (int k = 0; k < LABELS.size(); k++) {
            float[] map = new float[SIDE * SIDE];
            for (int p = 0; p < map.length; p++) {
                double wave =
                        Math.sin((p % SIDE) * 0.3 * (k + 1) + i) * 0.5 + (k == (i * 3) % 10 ? 0.8 : -0.1 * (k % 4));
                map[p] = (float) (base[p] * wave + 0.002 * random.nextGaussian());
            }
            SignedMap signed = SignedMap.of(SIDE, SIDE, map);
            double logit = signed.sum() + BIAS + 3e-7;
            classes.add(new ExplainedClass(
                    new ClassScore(k, LABELS.get(k), logit, 1 / (1 + Math.exp(-logit))),
                    Optional.empty(),
                    signed,
                    BIAS,
                    4e-5));
        }
        classes.sort(Comparator.comparingDouble(c -> -c.score().logit()));
        boolean wrong = i % 3 == 2;
        List<ExplainedClass> shown = new ArrayList<>(classes.subList(0, 3));
        if (wrong) {
            shown.add(classes.get(4));
        }
        int truth = (wrong ? classes.get(4) : classes.getFirst()).score().index();
        return new ExplainedImage(
                i == 3 ? "<b>\"odd\" & 'name'\u0001</b>.png" : "test image " + (100 + i),
                input,
                OptionalInt.of(truth),
                classes.subList(0, 5).stream().map(ExplainedClass::score).toList(),
                shown);
    }
}

package org.codanet.explain;

import java.util.Arrays;
import java.util.List;
import org.codanet.nn.tensor.Shape;

/** Takes the contents of explanations apart: one image, or the difference of two maps. */
final class ExplanationParts {
    private ExplanationParts() {}

    /** The contents for image n, copied. */
    static Explanation.Contents image(Explanation.Contents all, int n) {
        int k = all.scores().classCount();
        Shape shape = all.maps().shape();
        int targets = shape.extent(1);
        List<List<Integer>> classes = all.explained().classes();
        return new Explanation.Contents(
                new Explanation.Scores(
                        k,
                        slice(all.scores().logits(), n, k),
                        slice(all.scores().probabilities(), n, k)),
                new Explanation.Explained(
                        classes.isEmpty() ? classes : List.of(classes.get(n)),
                        all.explained().against(),
                        slice(all.explained().values(), n, targets),
                        all.explained().bias()),
                new Explanation.Maps(
                        shape.withFirst(1),
                        all.maps().channels(),
                        slice(all.maps().perPosition(), n, all.maps().perPosition().length / shape.extent(0)),
                        all.maps().perChannel() == null
                                ? null
                                : slice(all.maps().perChannel(), n, all.maps().perChannel().length / shape.extent(0)),
                        all.maps().precision()));
    }

    private static float[] slice(float[] values, int n, int length) {
        return Arrays.copyOfRange(values, n * length, (n + 1) * length);
    }

    /** Replaces the two maps of each image by their difference, in which the bias cancels. */
    static Explanation.Contents difference(Explanation.Contents pairs) {
        Shape shape = pairs.maps().shape();
        List<List<Integer>> classes = pairs.explained().classes();
        if (shape.extent(1) != 2
                || classes.isEmpty()
                || classes.stream().map(List::getLast).distinct().count() != 1) {
            throw new IllegalStateException(
                    "explanation: a comparison needs two explained classes of each image, of which"
                            + " the second is the same for all images; explained are " + classes);
        }
        float[] values = new float[shape.extent(0)];
        for (int n = 0; n < values.length; n++) {
            values[n] = pairs.explained().values()[2 * n] - pairs.explained().values()[2 * n + 1];
        }
        int images = shape.extent(0);
        float[] perChannel = pairs.maps().perChannel();
        return new Explanation.Contents(
                pairs.scores(),
                new Explanation.Explained(
                        classes.stream().map(two -> two.subList(0, 1)).toList(),
                        classes.getFirst().getLast(),
                        values,
                        0),
                new Explanation.Maps(
                        Shape.of(images, 1, shape.extent(2), shape.extent(3)),
                        pairs.maps().channels(),
                        firstMinusSecond(pairs.maps().perPosition(), images),
                        perChannel == null ? null : firstMinusSecond(perChannel, images),
                        pairs.maps().precision()));
    }

    private static float[] firstMinusSecond(float[] pairs, int images) {
        int map = pairs.length / (2 * images);
        float[] differences = new float[pairs.length / 2];
        for (int i = 0; i < differences.length; i++) {
            int first = i / map * 2 * map + i % map;
            differences[i] = pairs[first] - pairs[first + map];
        }
        return differences;
    }
}

package org.codanet.explain;

import java.util.ArrayList;
import java.util.List;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Shape;

/** What the chunks of one call have given so far; images in order. */
final class ExplanationParts {
    private final int images;
    private final List<float[]> logits = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();
    private final List<List<Integer>> classes = new ArrayList<>();
    private Shape shape;
    private int channels;
    private int before;
    private int inChunk;
    private float[] perPosition;
    private float[] perChannel;

    ExplanationParts(int images) {
        this.images = images;
    }

    /** Begins a chunk whose contributions are shaped as those of {@code group}, with so many targets an image. */
    void begin(ExplanationStep.Group group, int targets, float[] chunkLogits, List<List<Integer>> chunkClasses) {
        if (shape == null) {
            shape = Shape.of(
                    images, targets, group.shape().extent(2), group.shape().extent(3));
            channels = group.channels();
            perPosition = new float[Math.toIntExact(shape.elements())];
        }
        before += inChunk;
        inChunk = group.shape().extent(0);
        logits.add(chunkLogits);
        classes.addAll(chunkClasses);
    }

    void add(ExplanationStep.Group group, float[] results) {
        scatter(results, group.positionsAt(), group, perPosition);
        if (group.channelsAt() >= 0) {
            if (perChannel == null) {
                perChannel = new float[Math.multiplyExact(perPosition.length, channels)];
            }
            scatter(results, group.channelsAt(), group, perChannel);
        }
    }

    private void scatter(float[] source, int at, ExplanationStep.Group group, float[] destination) {
        int row = destination.length / (images * shape.extent(1));
        for (int n = 0; n < inChunk; n++) {
            int to = ((before + n) * shape.extent(1) + group.first()) * row;
            System.arraycopy(source, at + n * group.targets() * row, destination, to, group.targets() * row);
        }
    }

    float[] logits() {
        return join(logits);
    }

    /** Two maps an image become their difference. */
    void subtractSecond() {
        perPosition = difference(perPosition);
        perChannel = perChannel == null ? null : difference(perChannel);
        shape = Shape.of(images, 1, shape.extent(2), shape.extent(3));
    }

    private float[] difference(float[] pairs) {
        int row = pairs.length / (2 * images);
        float[] result = new float[row * images];
        for (int i = 0; i < result.length; i++) {
            int first = i / row * 2 * row + i % row;
            result[i] = pairs[first] - pairs[first + row];
        }
        return result;
    }

    Explanation.Contents contents(
            CodaNet net,
            float[] probabilities,
            List<List<Integer>> explained,
            int against,
            float[] explainedValues,
            double bias) {
        return new Explanation.Contents(
                shape,
                channels,
                net.config().numClasses(),
                logits(),
                probabilities,
                explained,
                against,
                explainedValues,
                bias,
                perPosition,
                perChannel,
                relativeError(net.device().precision()));
    }

    /** Rounding of one product and of the sums it goes through; bfloat16 keeps 8 bits of each operand, TF32 11. */
    private static double relativeError(Precision precision) {
        return switch (precision) {
            case FP32 -> 1e-5;
            case TF32 -> 2e-3;
            case BF16 -> 1e-2;
        };
    }

    /** Activations of explained units, one an image of the chunk. */
    void addValues(float[] ofUnits) {
        values.add(ofUnits);
    }

    float[] values() {
        return join(values);
    }

    /** Classes that were explained, of each image. */
    List<List<Integer>> classes() {
        return classes;
    }

    private static float[] join(List<float[]> pieces) {
        float[] all = new float[pieces.stream().mapToInt(piece -> piece.length).sum()];
        int at = 0;
        for (float[] piece : pieces) {
            System.arraycopy(piece, 0, all, at, piece.length);
            at += piece.length;
        }
        return all;
    }
}

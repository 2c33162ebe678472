package org.codanet.comparison;

import java.util.Arrays;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.PixelRemoval;
import org.codanet.metrics.Protocol;
import org.codanet.nn.tensor.Shape;

/** The pixel removal metric: the probability of the label while more and more pixels are removed in the order of its map. */
final class RemovalCurves {
    private final AttributedNetwork network;
    private final TestImages images;
    private final PixelRemoval removal;
    private final List<Integer> counts;

    RemovalCurves(AttributedNetwork network, TestImages images, PixelRemoval removal) {
        this.network = network;
        this.images = images;
        this.removal = removal;
        this.counts = removal.counts(images.height() * images.width());
    }

    /** {@return the number of points of a curve, point 0 included} */
    int points() {
        return counts.size();
    }

    /** {@return the probabilities at all points} */
    double[] curve(AttributionMethod method, int index) {
        int label = images.label(index);
        RawImages.Floats image = images.batch(index, 1);
        float[] map = method.attribute(network, image, List.of(List.of(label))).map(0, 0);
        int[] order = removal.order(map);
        boolean original = removal.protocol() == Protocol.ORIGINAL;
        float[] values = original ? network.input(image) : image.values();
        int area = images.height() * images.width();
        int channels = values.length / area;
        float[] masked = new float[counts.size() * values.length];
        for (int point = 0; point < counts.size(); point++) {
            int start = point * values.length;
            System.arraycopy(values, 0, masked, start, values.length);
            for (int removed : Arrays.copyOf(order, counts.get(point))) {
                for (int c = 0; c < channels; c++) {
                    masked[start + c * area + removed] = 0;
                }
            }
        }
        RawImages.Floats batch =
                new RawImages.Floats(masked, Shape.of(counts.size(), channels, images.height(), images.width()));
        float[] logits = original ? network.logitsOfInput(batch) : network.logits(batch);
        float[] probabilities = original ? logits : network.probabilities(logits);
        double[] curve = new double[counts.size()];
        for (int point = 0; point < curve.length; point++) {
            double value = probabilities[point * network.classes() + label];
            curve[point] = original ? 1 / (1 + Math.exp(-value)) : value;
        }
        return curve;
    }
}

package org.codanet.comparison;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.PixelRemoval;
import org.codanet.metrics.PixelReplacement;
import org.codanet.metrics.Protocol;
import org.codanet.nn.tensor.Shape;

/** Pixel removal, deletion and insertion: the probability of the label while pixels are replaced in the order of the label's map. */
final class RemovalCurves implements Measurement {
    private final AttributedNetwork network;
    private final TestImages images;
    private final PixelRemoval removal;
    private final boolean insertion;
    private final int[] order;
    private final List<Integer> counts;

    /**
     * Curves of some images.
     *
     * @param insertion whether a blurred image becomes the image; otherwise the image becomes black
     * @param order indices of the images
     */
    RemovalCurves(AttributedNetwork network, TestImages images, PixelRemoval removal, boolean insertion, int[] order) {
        this.network = network;
        this.images = images;
        this.removal = removal;
        this.insertion = insertion;
        this.order = order.clone();
        this.counts = removal.counts(images.height() * images.width());
    }

    @Override
    public int count() {
        return order.length;
    }

    /** {@return the probabilities at all points} */
    @Override
    public double[] row(AttributionMethod method, int number) {
        int index = order[number];
        int label = images.label(index);
        RawImages.Floats image = images.batch(index, 1);
        float[] map = method.attribute(network, image, List.of(List.of(label))).map(0, 0);
        int[] pixels = removal.order(map);
        boolean original = removal.protocol() == Protocol.ORIGINAL;
        float[] values = original ? network.input(image) : image.values();
        int area = images.height() * images.width();
        float[] from = insertion ? PixelReplacement.blurred(values, images.height(), images.width()) : values;
        float[] to = insertion ? values : new float[values.length];
        RawImages.Floats batch = new RawImages.Floats(
                PixelReplacement.images(from, to, area, pixels, counts),
                Shape.of(counts.size(), values.length / area, images.height(), images.width()));
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

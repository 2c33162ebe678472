package org.codanet.attribution.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;

/**
 * The decrease of the logit when a square of the image becomes black, spread evenly over the square and summed over all squares. Source:
 * Zeiler and Fergus, 2014.
 *
 * @param size side of the square, in pixels
 * @param stride distance of neighbouring squares, in pixels
 * @param window how the squares are placed
 */
record Occlusion(int size, int stride, Window window) implements AttributionMethod {
    /** How the squares are placed along one side of the image. */
    enum Window {
        /** {@code size} pixels, centred on each segment of {@code stride} pixels and clipped at the border. */
        EXACT {
            @Override
            Range range(int place, int size, int stride, int extent) {
                int first = place * stride + Math.floorDiv(stride - size, 2);
                return new Range(Math.max(0, first), Math.min(extent, first + size));
            }
        },
        /** As in the published code: size − 1 pixels for an odd size, 2 size − stride for an even one. */
        ORIGINAL {
            @Override
            Range range(int place, int size, int stride, int extent) {
                int half = (size - 1) / 2;
                int first = size % 2 == 1 ? place * stride - half : (place + 1) * stride - size;
                int last = size % 2 == 1 ? place * stride + half : place * stride + size;
                return new Range(Math.max(0, first), Math.min(extent, last));
            }
        };

        abstract Range range(int place, int size, int stride, int extent);
    }

    /** Pixels from {@code first} to {@code last} − 1. */
    record Range(int first, int last) {}

    /** A square. */
    private record Hole(Range rows, Range columns) {
        int pixels() {
            return (rows.last() - rows.first()) * (columns.last() - columns.first());
        }
    }

    @Override
    public String name() {
        return "occlusion";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return 1;
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        List<Hole> holes = holes(maps);
        float[] values = maps.values();
        int channels = network.imageChannels();
        int chunk = maps.chunk(channels);
        for (int n = 0; n < maps.images; n++) {
            float[] image = Maps.image(images, n);
            float[] whole = network.logits(maps.batch(image, 1));
            double[] sums = maps.sums();
            for (int first = 0; first < holes.size(); first += chunk) {
                List<Hole> some = holes.subList(first, Math.min(first + chunk, holes.size()));
                float[] masked = Maps.copies(image, some.size());
                for (int i = 0; i < some.size(); i++) {
                    cut(masked, i * image.length, channels, some.get(i), maps);
                }
                float[] logits = network.logits(maps.batch(masked, some.size()));
                for (int i = 0; i < some.size(); i++) {
                    for (int t = 0; t < maps.targets; t++) {
                        int k = targets.get(n).get(t);
                        double fall = (double) whole[k] - logits[i * network.classes() + k];
                        spread(fall / some.get(i).pixels(), some.get(i), sums, t * maps.area(), maps.width);
                    }
                }
            }
            maps.write(sums, n, values);
        }
        return maps.attribution(values, null);
    }

    private List<Hole> holes(Maps maps) {
        if (window == Window.ORIGINAL && (maps.height % stride != 0 || maps.width % stride != 0)) {
            throw new IllegalArgumentException(
                    "occlusion: the original windows need images whose sides are multiples of the stride " + stride
                            + ", these are " + maps.width + " x " + maps.height + "; use window=exact");
        }
        List<Hole> holes = new ArrayList<>();
        for (Range columns : ranges(maps.width)) {
            for (Range rows : ranges(maps.height)) {
                Hole hole = new Hole(rows, columns);
                if (hole.pixels() > 0) {
                    holes.add(hole);
                }
            }
        }
        if (holes.isEmpty()) {
            throw new IllegalArgumentException(
                    "occlusion: a window of size " + size + " and stride " + stride + " covers no pixel");
        }
        return holes;
    }

    /** {@return the ranges along a side of {@code extent} pixels} */
    List<Range> ranges(int extent) {
        List<Range> ranges = new ArrayList<>();
        for (int place = 0; place * stride < extent; place++) {
            ranges.add(window.range(place, size, stride, extent));
        }
        return ranges;
    }

    private static void cut(float[] values, int start, int channels, Hole hole, Maps maps) {
        for (int c = 0; c < channels; c++) {
            for (int y = hole.rows().first(); y < hole.rows().last(); y++) {
                int row = start + c * maps.area() + y * maps.width;
                Arrays.fill(
                        values,
                        row + hole.columns().first(),
                        row + hole.columns().last(),
                        0);
            }
        }
    }

    private static void spread(double value, Hole hole, double[] sums, int start, int width) {
        for (int y = hole.rows().first(); y < hole.rows().last(); y++) {
            for (int x = hole.columns().first(); x < hole.columns().last(); x++) {
                sums[start + y * width + x] += value;
            }
        }
    }
}

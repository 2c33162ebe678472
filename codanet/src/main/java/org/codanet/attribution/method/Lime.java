package org.codanet.attribution.method;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.NumpyRandom;

/**
 * A linear model of the probability over the presence of superpixels, fitted around the image; the map is 1 on the superpixels with the
 * largest positive coefficients and 0 elsewhere. An absent superpixel takes its mean colour. The random numbers are NumPy's, so that the
 * samples are those of the published code. Source: Ribeiro et al., 2016.
 *
 * @param samples number of images that the model is fitted to, including the original image
 * @param features the largest number of superpixels that a map shows
 * @param superpixels how they are found
 * @param seed of the samples; the same for every image
 */
record Lime(int samples, int features, Quickshift superpixels, int seed) implements AttributionMethod {
    /** Width of the exponential kernel that weights a sample by its distance from the image. */
    private static final double KERNEL_WIDTH = 0.25;

    private static final double ALPHA = 1;

    @Override
    public String name() {
        return "lime";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return 1;
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        float[] values = maps.values();
        for (int n = 0; n < maps.images; n++) {
            float[] image = Maps.image(images, n);
            int[] segments = superpixels.segments(image, maps.height, maps.width);
            double[][] coefficients = coefficients(network, maps, image, segments, targets.get(n));
            for (int t = 0; t < maps.targets; t++) {
                float[] map = map(coefficients[t], segments);
                System.arraycopy(map, 0, values, (n * maps.targets + t) * map.length, map.length);
            }
        }
        return maps.attribution(values, null);
    }

    /** {@return the coefficients of the superpixels for each target, (T, S)} */
    double[][] coefficients(
            AttributedNetwork network, Maps maps, float[] image, int[] segments, List<Integer> classes) {
        int count = Arrays.stream(segments).max().orElseThrow() + 1;
        float[] absent = meanColours(image, segments, count);
        RidgeRegression regression = new RidgeRegression(count, classes.size());
        NumpyRandom random = new NumpyRandom(seed);
        random.nextUpTo(999);
        int chunk = maps.chunk(network.imageChannels());
        for (int first = 0; first < samples; first += chunk) {
            int size = Math.min(chunk, samples - first);
            double[][] rows = new double[size][count];
            float[] perturbed = Maps.copies(image, size);
            for (int sample = 0; sample < size; sample++) {
                for (int s = 0; s < count; s++) {
                    rows[sample][s] = random.nextUpTo(1);
                }
                if (first + sample == 0) {
                    Arrays.fill(rows[0], 1);
                }
                for (int i = 0; i < image.length; i++) {
                    if (rows[sample][segments[i % segments.length]] == 0) {
                        perturbed[sample * image.length + i] = absent[i];
                    }
                }
            }
            float[] probabilities = network.probabilities(network.logits(maps.batch(perturbed, size)));
            for (int sample = 0; sample < size; sample++) {
                double[] outputs = new double[classes.size()];
                for (int t = 0; t < outputs.length; t++) {
                    outputs[t] = probabilities[sample * network.classes() + classes.get(t)];
                }
                regression.add(rows[sample], outputs, weight(rows[sample]));
            }
        }
        return regression.coefficients(ALPHA);
    }

    /** {@return the weight of a sample: 1 for the image itself, smaller the more superpixels are absent} */
    private static double weight(double[] row) {
        double present = Arrays.stream(row).sum();
        double distance = present == 0 ? 1 : 1 - Math.sqrt(present / row.length);
        return Math.sqrt(Math.exp(-distance * distance / (KERNEL_WIDTH * KERNEL_WIDTH)));
    }

    private static float[] meanColours(float[] image, int[] segments, int count) {
        int area = segments.length;
        float[] means = new float[image.length];
        int[] sizes = new int[count];
        for (int segment : segments) {
            sizes[segment]++;
        }
        for (int start = 0; start < image.length; start += area) {
            double[] sums = new double[count];
            for (int i = 0; i < area; i++) {
                sums[segments[i]] += image[start + i];
            }
            for (int i = 0; i < area; i++) {
                means[start + i] = (float) (sums[segments[i]] / sizes[segments[i]]);
            }
        }
        return means;
    }

    /** {@return 1 on the superpixels with the largest positive coefficients, 0 elsewhere, (H, W)} */
    float[] map(double[] coefficients, int[] segments) {
        int[] shown = largest(coefficients);
        float[] map = new float[segments.length];
        for (int i = 0; i < map.length; i++) {
            int segment = segments[i];
            map[i] = Arrays.stream(shown).anyMatch(s -> s == segment) ? 1 : 0;
        }
        return map;
    }

    private int[] largest(double[] coefficients) {
        return IntStream.range(0, coefficients.length)
                .filter(s -> coefficients[s] > 0)
                .boxed()
                .sorted((s, other) -> Double.compare(coefficients[other], coefficients[s]))
                .limit(features)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}

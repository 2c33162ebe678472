package org.codanet.attribution.method;

import java.util.Collections;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.data.transform.SeededRandom;

/**
 * The gradient averaged over copies of the image with Gaussian noise. Source: Smilkov et al., 2017.
 *
 * @param samples number of noisy copies
 * @param noise standard deviation of the noise, as a fraction of the range of the image's values
 * @param seed of the noise
 */
record SmoothGrad(int samples, double noise, long seed) implements AttributionMethod {
    @Override
    public String name() {
        return "smoothgrad";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return network.imageChannels();
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        float[] values = maps.values();
        int size = maps.channels * maps.area();
        int chunk = maps.chunk(maps.channels);
        for (int n = 0; n < maps.images; n++) {
            float[] image = Maps.image(images, n);
            double deviation = noise * range(image);
            double[] sums = maps.sums();
            for (int first = 0; first < samples; first += chunk) {
                int count = Math.min(chunk, samples - first);
                float[] noisy = Maps.copies(image, count);
                for (int sample = 0; sample < count; sample++) {
                    SeededRandom random = new SeededRandom(seed, 0, first + sample);
                    for (int i = 0; i < size; i++) {
                        noisy[sample * size + i] += (float) (deviation * random.nextGaussian());
                    }
                }
                float[] gradients =
                        network.gradients(maps.batch(noisy, count), Collections.nCopies(count, targets.get(n)));
                for (int i = 0; i < gradients.length; i++) {
                    sums[i % sums.length] += gradients[i] / (double) samples;
                }
            }
            maps.write(sums, n, values);
        }
        return maps.attribution(values, null);
    }

    private static double range(float[] image) {
        float least = Float.POSITIVE_INFINITY;
        float largest = Float.NEGATIVE_INFINITY;
        for (float value : image) {
            least = Math.min(least, value);
            largest = Math.max(largest, value);
        }
        return largest - least;
    }
}

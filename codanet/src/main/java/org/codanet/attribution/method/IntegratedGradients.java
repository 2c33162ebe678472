package org.codanet.attribution.method;

import java.util.Collections;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;

/**
 * The gradient averaged along the straight line from a baseline to the image, times their difference. The average is computed by
 * Gauss-Legendre quadrature. The sum of a map approaches logit − logit(baseline) as the number of steps grows. Source: Sundararajan et al.,
 * 2017.
 *
 * @param steps nodes of the quadrature
 * @param baseline the image at the other end of the line
 */
record IntegratedGradients(int steps, Baseline baseline) implements AttributionMethod {
    @Override
    public String name() {
        return "intgrad";
    }

    @Override
    public int channels(AttributedNetwork network) {
        return network.imageChannels();
    }

    @Override
    public Attribution attribute(AttributedNetwork network, RawImages.Floats images, List<List<Integer>> targets) {
        Maps maps = Maps.of(this, network, images, targets);
        Quadrature quadrature = Quadrature.gaussLegendre(steps);
        float[] values = maps.values();
        int size = maps.channels * maps.area();
        int chunk = maps.chunk(maps.channels);
        for (int n = 0; n < maps.images; n++) {
            float[] image = Maps.image(images, n);
            float[] start = baseline.image(maps.channels, maps.area());
            double[] sums = maps.sums();
            for (int first = 0; first < steps; first += chunk) {
                int count = Math.min(chunk, steps - first);
                float[] path = new float[count * size];
                for (int step = 0; step < count; step++) {
                    double alpha = quadrature.node(first + step);
                    for (int i = 0; i < size; i++) {
                        path[step * size + i] = (float) (start[i] + alpha * (image[i] - start[i]));
                    }
                }
                List<Integer> classes = targets.get(n);
                float[] gradients = network.gradients(maps.batch(path, count), Collections.nCopies(count, classes));
                for (int i = 0; i < gradients.length; i++) {
                    sums[i % sums.length] += quadrature.weight(first + i / sums.length) * gradients[i];
                }
            }
            for (int i = 0; i < sums.length; i++) {
                sums[i] *= image[i % size] - start[i % size];
            }
            maps.write(sums, n, values);
        }
        return maps.attribution(values, null);
    }
}

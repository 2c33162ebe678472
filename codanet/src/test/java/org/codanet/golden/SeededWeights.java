package org.codanet.golden;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.model.CodaNetConfig;

/**
 * The weights and images of {@code net_seeded} golden vectors, which are too large to store: they come from a splitmix64 stream (Steele,
 * Lea and Flood, OOPSLA 2014), the upper 24 bits of each output.
 */
public final class SeededWeights {
    private long state;

    /** A stream whose first output comes after the first increment. */
    public SeededWeights(long seed) {
        this.state = seed;
    }

    /** {@return the next number in [0, 1), a multiple of 2^-24} */
    double next() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (z >>> 40) * 0x1p-24;
    }

    /** {@return the weights of a net_seeded file: one stream over all of them, each uniform within its convolution's bound} */
    public static NamedTensors weights(GoldenFile file) {
        return weights(file.network(), Long.parseUnsignedLong(file.text("weights_seed")), file.number("gain"));
    }

    /** {@return weights under the authors' keys, uniform within gain / sqrt(fan in of the convolution)} */
    public static NamedTensors weights(CodaNetConfig config, long seed, double gain) {
        SeededWeights stream = new SeededWeights(seed);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        config.parameterShapes().forEach((key, shape) -> {
            int layer = Integer.parseInt(key.substring(0, key.indexOf('.')));
            boolean first = key.endsWith(".0.weight");
            int fanIn = first
                    ? config.layers().get(layer).patch()
                    : config.layers().get(layer).rank();
            tensors.put(key, stream.tensor(shape, (float) (gain / Math.sqrt(fanIn))));
        });
        return new NamedTensors(tensors);
    }

    /** {@return images in [0, 1)} */
    public static float[] images(long seed, int count) {
        SeededWeights stream = new SeededWeights(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) stream.next();
        }
        return values;
    }

    private TensorData tensor(List<Integer> shape, float bound) {
        float[] values = new float[shape.stream().reduce(1, Math::multiplyExact)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((2 * next() - 1) * bound);
        }
        return TensorData.ofFloats(shape, values);
    }
}

package org.codanet.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;

/**
 * Initial weights. One random stream runs over all weights in the order of the files, so the weights depend on the seed and not on the
 * device.
 *
 * <p>CoDA-Nets have PyTorch's default initialisation of both convolutions of a layer: every value, those of biases included, is drawn from U(±1/√fan_in).
 *
 * <p>Convolutions of ResNets are drawn from N(0, 2/fan_in) (He et al., ICCV 2015), the last layer from U(±1/√fan_in). Batch normalisation
 * starts as the identity, with the statistics 0 and 1.
 */
final class DefaultWeights {
    private DefaultWeights() {}

    static NamedTensors of(NetworkConfig config, long seed) {
        return switch (config) {
            case CodaNetConfig coda -> of(coda, seed);
            case ResNetConfig residual -> of(residual, seed);
        };
    }

    private static NamedTensors of(ResNetConfig config, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        config.parameterShapes().forEach((key, shape) -> {
            float[] values = new float[shape.stream().reduce(1, Math::multiplyExact)];
            int fanIn = config.isOfLastLayer(key) ? config.features() : values.length / shape.getFirst();
            for (int i = 0; i < values.length; i++) {
                values[i] = (float)
                        (config.isOfLastLayer(key)
                                ? (2 * random.nextDouble() - 1) / Math.sqrt(fanIn)
                                : shape.size() == 4
                                        ? random.nextGaussian() * Math.sqrt(2.0 / fanIn)
                                        : key.endsWith(".weight") || key.endsWith(".running_var") ? 1 : 0);
            }
            arrays.put(key, TensorData.ofFloats(shape, values));
        });
        return new NamedTensors(arrays);
    }

    private static NamedTensors of(CodaNetConfig config, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<LayerConfig> layers = config.layers();
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        config.parameterShapes().forEach((key, shape) -> {
            int index = Integer.parseInt(key.substring(0, key.indexOf('.')));
            LayerConfig layer = layers.get(index);
            int fanIn = key.equals(AuthorsLayout.keyOfA(index)) ? layer.patch() : layer.rank();
            double bound = 1 / Math.sqrt(fanIn);
            float[] values = new float[shape.stream().reduce(1, Math::multiplyExact)];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
            }
            arrays.put(key, TensorData.ofFloats(shape, values));
        });
        return new NamedTensors(arrays);
    }
}

package org.codanet.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;

/**
 * PyTorch's default initialisation of both convolutions of a layer: every value, those of biases included, is drawn from U(±1/√fan_in).
 * One random stream runs over all weights in the order of the authors' files, so the weights depend on the seed and not on the device.
 */
final class DefaultWeights {
    private DefaultWeights() {}

    static NamedTensors of(CodaNetConfig config, long seed) {
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

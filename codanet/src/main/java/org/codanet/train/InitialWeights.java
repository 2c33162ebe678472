package org.codanet.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.weights.WeightsFile;
import org.codanet.model.NetworkConfig;

/**
 * Trained weights from which a training run starts (fine-tuning). All layers except the last must have the shapes of the network. If the
 * last layer has another shape, for example because the number of classes differs, it starts with random weights.
 *
 * @param file name of the file in messages
 * @param weights float32 arrays by name
 */
public record InitialWeights(String file, NamedTensors weights) {
    /**
     * {@return the weights in a file}
     *
     * @param file a model file, safetensors or a PyTorch checkpoint
     * @throws FileFormatException if it is damaged or holds NaN
     * @throws IOException if it cannot be read
     */
    public static InitialWeights read(Path file) throws IOException {
        NamedTensors weights = WeightsFile.read(file);
        weights.requireFinite(file.toString());
        return new InitialWeights(file.toString(), weights);
    }

    /** {@return whether the last layer has another shape than in the network, so that it starts with random weights} */
    public boolean leavesOutLastLayer(NetworkConfig config) {
        return !misfits(config).isEmpty();
    }

    /**
     * {@return the weights of a network, with these weights in all layers that have the same shape}
     *
     * @param config the network
     * @param random the network's weights before
     * @throws FileFormatException if a layer before the last is missing here or has another shape
     */
    NamedTensors applyTo(NetworkConfig config, NamedTensors random) throws FileFormatException {
        List<String> misfits = misfits(config);
        for (String name : misfits) {
            if (!config.isOfLastLayer(name)) {
                TensorData given = weights.tensors().get(name);
                throw new FileFormatException(
                        file,
                        given == null
                                ? name + " is missing; only the last layer may differ from the network that is trained"
                                : name + " has shape " + given.shape() + ", the network needs "
                                        + config.parameterShapes().get(name) + "; only the last layer may differ");
            }
        }
        Map<String, TensorData> merged = new LinkedHashMap<>(random.tensors());
        for (String name : config.parameterShapes().keySet()) {
            // If only some arrays of the last layer fit, none of them is used.
            if (misfits.isEmpty() || !config.isOfLastLayer(name)) {
                merged.put(name, weights.get(name).toFloat32());
            }
        }
        return new NamedTensors(merged);
    }

    private List<String> misfits(NetworkConfig config) {
        List<String> misfits = new ArrayList<>();
        config.parameterShapes().forEach((name, shape) -> {
            TensorData given = weights.tensors().get(name);
            if (given == null || !given.shape().equals(shape) || !given.type().isFloating()) {
                misfits.add(name);
            }
        });
        return misfits;
    }
}

package org.codanet.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.tensor.Tensor;

/** Copies a network's weights, gradients or moments to arrays under the authors' keys, and back. */
public final class NetWeights {
    private NetWeights() {}

    /** One array of one layer: its key, its extents in a file, and its orders in file and memory. */
    private record Entry(String key, List<Integer> shape, Parameter parameter, LayerConfig layer, Kind kind) {
        float[] toFile(float[] memory) {
            return switch (kind) {
                case A -> AuthorsLayout.aToFile(layer, memory);
                case B -> AuthorsLayout.bToFile(layer, memory);
                case BIAS -> AuthorsLayout.biasToFile(layer, memory);
            };
        }

        float[] fromFile(float[] file) {
            return switch (kind) {
                case A -> AuthorsLayout.aFromFile(layer, file);
                case B -> AuthorsLayout.bFromFile(layer, file);
                case BIAS -> AuthorsLayout.biasFromFile(layer, file);
            };
        }
    }

    private enum Kind {
        A,
        B,
        BIAS
    }

    private static List<Entry> entries(CodaNet net) {
        Map<String, List<Integer>> shapes = net.config().parameterShapes();
        List<LayerConfig> layers = net.config().layers();
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            List<Parameter> parameters = net.layers().get(i).parameters();
            for (int p = 0; p < parameters.size(); p++) {
                Kind kind = Kind.values()[p];
                String key = switch (kind) {
                    case A -> AuthorsLayout.keyOfA(i);
                    case B -> AuthorsLayout.keyOfB(i);
                    case BIAS -> AuthorsLayout.keyOfBias(i);
                };
                entries.add(new Entry(key, shapes.get(key), parameters.get(p), layers.get(i), kind));
            }
        }
        return entries;
    }

    /**
     * Copies one tensor of each parameter to the heap.
     *
     * @param which the value, the gradient or a moment
     * @return arrays under the authors' keys, in the authors' order
     */
    public static NamedTensors download(CodaNet net, Function<Parameter, Tensor> which) {
        Device device = net.device();
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        for (Entry entry : entries(net)) {
            Tensor tensor = which.apply(entry.parameter());
            float[] memory = new float[Math.toIntExact(tensor.shape().elements())];
            device.download(tensor, memory);
            arrays.put(entry.key(), TensorData.ofFloats(entry.shape(), entry.toFile(memory)));
        }
        return new NamedTensors(arrays);
    }

    /**
     * Overwrites one tensor of each parameter.
     *
     * @param which value, gradient or moment
     * @throws IllegalArgumentException naming the first array that is missing or has other extents than the config says;
     *     nothing is overwritten then
     */
    public static void upload(CodaNet net, NamedTensors arrays, Function<Parameter, Tensor> which) {
        List<Entry> entries = entries(net);
        for (Entry entry : entries) {
            List<Integer> shape = arrays.get(entry.key()).shape();
            if (!shape.equals(entry.shape())) {
                throw new IllegalArgumentException(
                        "weights: " + entry.key() + " is " + shape + ", the config says " + entry.shape());
            }
        }
        for (Entry entry : entries) {
            float[] file = arrays.get(entry.key()).toFloats();
            net.device().upload(entry.fromFile(file), which.apply(entry.parameter()));
        }
    }

    static void upload(CodaNet net, NamedTensors weights) {
        upload(net, weights, Parameter::value);
    }
}

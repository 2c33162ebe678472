package org.codanet.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** Copies a network's weights, statistics, gradients or moments to arrays under the keys of its files, and back. */
public final class NetWeights {
    private NetWeights() {}

    /** One array: its key, its extents in a file, and the conversions between the orders in file and memory. */
    private record Entry(
            String key,
            List<Integer> shape,
            Parameter parameter,
            UnaryOperator<float[]> toFile,
            UnaryOperator<float[]> fromFile) {}

    private static List<Entry> entries(Network net) {
        return switch (net) {
            case CodaNet coda -> entries(coda);
            case ResNet residual -> entries(residual, residual.parameters());
        };
    }

    private static List<Entry> statistics(Network net) {
        return switch (net) {
            case CodaNet _ -> List.of();
            case ResNet residual -> entries(residual, residual.statistics());
        };
    }

    private static List<Entry> entries(CodaNet net) {
        Map<String, List<Integer>> shapes = net.config().parameterShapes();
        List<LayerConfig> layers = net.config().layers();
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            LayerConfig layer = layers.get(i);
            List<Parameter> parameters = net.layers().get(i).parameters();
            List<Entry> ofLayer = new ArrayList<>();
            String a = AuthorsLayout.keyOfA(i);
            ofLayer.add(new Entry(
                    a,
                    shapes.get(a),
                    parameters.get(0),
                    memory -> AuthorsLayout.aToFile(layer, memory),
                    file -> AuthorsLayout.aFromFile(layer, file)));
            String b = AuthorsLayout.keyOfB(i);
            ofLayer.add(new Entry(
                    b,
                    shapes.get(b),
                    parameters.get(1),
                    memory -> AuthorsLayout.bToFile(layer, memory),
                    file -> AuthorsLayout.bFromFile(layer, file)));
            if (layer.bias()) {
                String bias = AuthorsLayout.keyOfBias(i);
                ofLayer.add(new Entry(
                        bias,
                        shapes.get(bias),
                        parameters.get(2),
                        memory -> AuthorsLayout.biasToFile(layer, memory),
                        file -> AuthorsLayout.biasFromFile(layer, file)));
            }
            entries.addAll(ofLayer);
        }
        return entries;
    }

    /** The names of a ResNet's parameters are the keys. Convolutions are (Co, Ci, k, k) in files and (k, k, Ci, Co) in memory. */
    private static List<Entry> entries(ResNet net, List<Parameter> parameters) {
        Map<String, Parameter> named = new HashMap<>();
        parameters.forEach(parameter -> named.put(parameter.name(), parameter));
        List<Entry> entries = new ArrayList<>();
        net.config().parameterShapes().forEach((key, shape) -> {
            Parameter parameter = named.get(key);
            if (parameter != null) {
                Shape memory = parameter.value().shape();
                boolean convolution = memory.rank() == 4;
                int positions = convolution ? memory.extent(0) * memory.extent(1) : 1;
                entries.add(new Entry(
                        key,
                        shape,
                        parameter,
                        convolution ? values -> reordered(values, positions, shape, false) : values -> values,
                        convolution ? values -> reordered(values, positions, shape, true) : values -> values));
            }
        });
        return entries;
    }

    private static float[] reordered(float[] source, int positions, List<Integer> file, boolean fromFile) {
        int outChannels = file.get(0);
        int inChannels = file.get(1);
        float[] result = new float[source.length];
        for (int o = 0; o < outChannels; o++) {
            for (int i = 0; i < inChannels; i++) {
                for (int yx = 0; yx < positions; yx++) {
                    int inFile = (o * inChannels + i) * positions + yx;
                    int inMemory = (yx * inChannels + i) * outChannels + o;
                    result[fromFile ? inMemory : inFile] = source[fromFile ? inFile : inMemory];
                }
            }
        }
        return result;
    }

    /** {@return weights and statistics on the heap, under the keys of the network's files and in their order} */
    static NamedTensors download(Network net) {
        Map<String, TensorData> arrays = new HashMap<>();
        download(net.device(), entries(net), Parameter::value, arrays);
        download(net.device(), statistics(net), Parameter::value, arrays);
        Map<String, TensorData> ordered = new LinkedHashMap<>();
        net.config().parameterShapes().keySet().forEach(key -> ordered.put(key, arrays.get(key)));
        return new NamedTensors(ordered);
    }

    /**
     * Copies one tensor of each parameter to the heap.
     *
     * @param which the value, the gradient or a moment
     * @return arrays under the keys of the network's files, in their order
     */
    public static NamedTensors download(Network net, Function<Parameter, Tensor> which) {
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        download(net.device(), entries(net), which, arrays);
        return new NamedTensors(arrays);
    }

    private static void download(
            Device device, List<Entry> entries, Function<Parameter, Tensor> which, Map<String, TensorData> arrays) {
        for (Entry entry : entries) {
            Tensor tensor = which.apply(entry.parameter());
            float[] memory = new float[Math.toIntExact(tensor.shape().elements())];
            device.download(tensor, memory);
            float[] file = entry.toFile().apply(memory);
            arrays.put(entry.key(), TensorData.ofFloats(entry.shape(), file));
        }
    }

    /**
     * Overwrites one tensor of each parameter.
     *
     * @param which value, gradient or moment
     * @throws IllegalArgumentException naming the first array that is missing or has other extents than the config says;
     *     nothing is overwritten then
     */
    public static void upload(Network net, NamedTensors arrays, Function<Parameter, Tensor> which) {
        upload(net.device(), entries(net), arrays, which);
    }

    private static void upload(
            Device device, List<Entry> entries, NamedTensors arrays, Function<Parameter, Tensor> which) {
        for (Entry entry : entries) {
            List<Integer> shape = arrays.get(entry.key()).shape();
            if (!shape.equals(entry.shape())) {
                throw new IllegalArgumentException(
                        "weights: " + entry.key() + " is " + shape + ", the config says " + entry.shape());
            }
        }
        for (Entry entry : entries) {
            float[] file = arrays.get(entry.key()).toFloats();
            device.upload(entry.fromFile().apply(file), which.apply(entry.parameter()));
        }
    }

    /** Overwrites weights and statistics. @throws IllegalArgumentException as the other {@code upload} */
    static void upload(Network net, NamedTensors weights) {
        List<Entry> all = new ArrayList<>(entries(net));
        all.addAll(statistics(net));
        upload(net.device(), all, weights, Parameter::value);
    }
}

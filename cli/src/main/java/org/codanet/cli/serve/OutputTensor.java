package org.codanet.cli.serve;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ModelInfo;

/**
 * An output: numbers, or files.
 *
 * @param numbers in row-major order; null for files
 * @param files PNG files; null for numbers
 */
record OutputTensor(String name, String datatype, List<Integer> shape, float[] numbers, List<byte[]> files) {
    static final String CHANNEL_CONTRIBUTIONS = "channel_contributions";

    /** Names and datatypes, in the order of the metadata. */
    static final Map<String, String> OUTPUTS = outputs();

    private static Map<String, String> outputs() {
        Map<String, String> outputs = new LinkedHashMap<>();
        outputs.put("logits", "FP32");
        outputs.put("probabilities", "FP32");
        outputs.put("classes", "INT64");
        outputs.put("values", "FP32");
        outputs.put("contributions", "FP32");
        outputs.put(CHANNEL_CONTRIBUTIONS, "FP32");
        outputs.put("overlay_png", "BYTES");
        return outputs;
    }

    static void require(String name) {
        if (!OUTPUTS.containsKey(name)) {
            throw new HttpFailure(
                    400, "there is no output '" + name + "'; there are " + String.join(", ", OUTPUTS.keySet()));
        }
    }

    static OutputTensor of(String name, List<ExplanationResult> results) {
        ExplanationResult first = results.getFirst();
        int targets = first.targets();
        if (name.equals("overlay_png")) {
            List<byte[]> files = new ArrayList<>();
            results.forEach(result -> {
                for (int t = 0; t < targets; t++) {
                    files.add(Overlays.png(result, t));
                }
            });
            return new OutputTensor(name, "BYTES", List.of(results.size(), targets), null, files);
        }
        List<Integer> each = new ArrayList<>(
                switch (name) {
                    case "logits", "probabilities" -> List.of(first.logits().length);
                    case "classes", "values" -> List.of(targets);
                    case "contributions" ->
                        List.of(targets, first.map(0).height(), first.map(0).width());
                    default ->
                        List.of(
                                targets,
                                first.channels(),
                                first.map(0).height(),
                                first.map(0).width());
                });
        int length = each.stream().reduce(1, Math::multiplyExact);
        float[] numbers = new float[Math.multiplyExact(results.size(), length)];
        for (int n = 0; n < results.size(); n++) {
            fill(name, results.get(n), numbers, n * length);
        }
        each.addFirst(results.size());
        return new OutputTensor(name, OUTPUTS.get(name), List.copyOf(each), numbers, null);
    }

    private static void fill(String name, ExplanationResult result, float[] numbers, int start) {
        switch (name) {
            case "logits" -> System.arraycopy(result.logits(), 0, numbers, start, result.logits().length);
            case "probabilities" -> System.arraycopy(result.probabilities(), 0, numbers, start, result.logits().length);
            case "classes", "values" -> {
                for (int t = 0; t < result.targets(); t++) {
                    numbers[start + t] = name.equals("classes")
                            ? result.classes().get(t)
                            : (float) result.certificate(t).value();
                }
            }
            case "contributions" -> {
                int at = start;
                for (int t = 0; t < result.targets(); t++) {
                    at = Overlays.copy(result.map(t), numbers, at);
                }
            }
            default -> {
                int at = start;
                for (int t = 0; t < result.targets(); t++) {
                    for (int c = 0; c < result.channels(); c++) {
                        at = Overlays.copy(result.map(t, c), numbers, at);
                    }
                }
            }
        }
    }

    byte[] binary() {
        if (files != null) {
            ByteBuffer buffer = ByteBuffer.allocate(files.stream()
                            .mapToInt(file -> Integer.BYTES + file.length)
                            .sum())
                    .order(ByteOrder.LITTLE_ENDIAN);
            files.forEach(file -> buffer.putInt(file.length).put(file));
            return buffer.array();
        }
        boolean integers = datatype.equals("INT64");
        ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(numbers.length, integers ? Long.BYTES : Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (float number : numbers) {
            if (integers) {
                buffer.putLong((long) number);
            } else {
                buffer.putFloat(number);
            }
        }
        return buffer.array();
    }

    void writeData(JsonWriter json) throws IOException {
        if (files != null) {
            for (byte[] file : files) {
                json.value(Base64.getEncoder().encodeToString(file));
            }
            return;
        }
        boolean integers = datatype.equals("INT64");
        for (float number : numbers) {
            if (integers) {
                json.value((long) number);
            } else {
                json.value(number);
            }
        }
    }

    /** The metadata of the outputs: shapes by name, with -1 for extents that the request decides. */
    static Map<String, List<Integer>> shapes(ModelInfo model) {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        for (String name : OUTPUTS.keySet()) {
            shapes.put(
                    name,
                    switch (name) {
                        case "logits", "probabilities" ->
                            List.of(-1, model.config().numClasses());
                        case "contributions" -> List.of(-1, -1, -1, -1);
                        case CHANNEL_CONTRIBUTIONS ->
                            List.of(-1, -1, model.config().inChannels(), -1, -1);
                        default -> List.of(-1, -1);
                    });
        }
        return shapes;
    }
}

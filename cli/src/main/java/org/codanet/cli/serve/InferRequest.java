package org.codanet.cli.serve;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request of the Open Inference Protocol, read from JSON and from the binary data behind it. Numbers are read into arrays as they come, so
 * that a body does not take many times its size on the heap.
 *
 * @param id echoed in the answer; null if there is none
 * @param parameters of the request: texts, numbers as {@code Double}, and booleans
 * @param inputs the tensors
 * @param outputs the outputs that are asked for; empty for the default
 */
record InferRequest(String id, Map<String, Object> parameters, List<Input> inputs, List<Output> outputs) {
    private static final int MAX_RANK = 8;

    /**
     * A tensor. One of the last three is set.
     *
     * @param numbers from JSON, row by row
     * @param texts from JSON
     * @param binary little endian
     */
    record Input(
            String name, List<Integer> shape, String datatype, float[] numbers, List<String> texts, ByteBuffer binary) {
        int elements() {
            long elements = 1;
            for (int extent : shape) {
                elements *= extent;
                if (elements > Integer.MAX_VALUE) {
                    throw new HttpFailure(400, "input " + name + ": the shape " + shape + " is too large");
                }
            }
            return (int) elements;
        }
    }

    /**
     * An output.
     *
     * @param binary whether its data are binary
     */
    record Output(String name, boolean binary) {}

    /**
     * Reads a request.
     *
     * @param body JSON, and binary data behind it
     * @param header value of {@code Inference-Header-Content-Length}: bytes of the JSON; empty if all of the body is JSON
     * @throws HttpFailure with status 400 if it is malformed
     */
    static InferRequest read(byte[] body, Optional<String> header) {
        int json = header.map(text -> length(text, body.length)).orElse(body.length);
        try (JsonReader reader = new JsonReader(
                new InputStreamReader(new ByteArrayInputStream(body, 0, json), StandardCharsets.UTF_8))) {
            reader.setStrictness(Strictness.STRICT);
            InferRequest request = new Parser(reader, ByteBuffer.wrap(body, json, body.length - json)).request();
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new HttpFailure(400, "there is text behind the JSON object of the request");
            }
            return request;
        } catch (MalformedJsonException e) {
            throw new HttpFailure(400, "the request is not valid JSON");
        } catch (IOException e) {
            throw new HttpFailure(400, "the request ends before its JSON does");
        } catch (IllegalStateException | NumberFormatException e) {
            throw new HttpFailure(400, "the request has a value of another type than the protocol says");
        }
    }

    private static int length(String text, int most) {
        try {
            int length = Integer.parseInt(text.strip());
            if (length >= 0 && length <= most) {
                return length;
            }
        } catch (NumberFormatException e) {
            // Refused below, like a number that is too large.
        }
        throw new HttpFailure(400, "Inference-Header-Content-Length is not a number of bytes in the body");
    }

    /** Reads the JSON of one request. */
    private static final class Parser {
        private final JsonReader reader;
        private final ByteBuffer binary;

        Parser(JsonReader reader, ByteBuffer binary) {
            this.reader = reader;
            this.binary = binary;
        }

        InferRequest request() throws IOException {
            String id = null;
            Map<String, Object> parameters = Map.of();
            List<Input> inputs = List.of();
            List<Output> outputs = List.of();
            List<Map<String, Object>> ofOutputs = List.of();
            reader.beginObject();
            while (reader.hasNext()) {
                switch (reader.nextName()) {
                    case "id" -> id = reader.nextString();
                    case "parameters" -> parameters = parameters();
                    case "inputs" -> inputs = inputs();
                    case "outputs" -> ofOutputs = outputs();
                    default -> reader.skipValue();
                }
            }
            reader.endObject();
            if (inputs.isEmpty()) {
                throw new HttpFailure(400, "the request has no inputs");
            }
            if (binary.hasRemaining()) {
                throw new HttpFailure(400, "the body has " + binary.remaining() + " bytes more than its inputs say");
            }
            boolean binaryByDefault = Boolean.TRUE.equals(parameters.get("binary_data_output"));
            outputs = ofOutputs.stream()
                    .map(output -> new Output(
                            (String) output.get("name"),
                            output.get("binary_data") instanceof Boolean wanted ? wanted : binaryByDefault))
                    .toList();
            return new InferRequest(id, parameters, inputs, outputs);
        }

        private Map<String, Object> parameters() throws IOException {
            Map<String, Object> parameters = new LinkedHashMap<>();
            reader.beginObject();
            while (reader.hasNext()) {
                String name = reader.nextName();
                parameters.put(
                        name,
                        switch (reader.peek()) {
                            case STRING -> reader.nextString();
                            case NUMBER -> reader.nextDouble();
                            case BOOLEAN -> reader.nextBoolean();
                            default ->
                                throw new HttpFailure(
                                        400, "parameter " + name + " is neither a text nor a number nor true or false");
                        });
            }
            reader.endObject();
            return parameters;
        }

        private List<Map<String, Object>> outputs() throws IOException {
            List<Map<String, Object>> outputs = new ArrayList<>();
            reader.beginArray();
            while (reader.hasNext()) {
                Map<String, Object> output = new LinkedHashMap<>();
                reader.beginObject();
                while (reader.hasNext()) {
                    switch (reader.nextName()) {
                        case "name" -> output.put("name", reader.nextString());
                        case "parameters" -> {
                            Object wanted = parameters().get("binary_data");
                            if (wanted != null) {
                                output.put("binary_data", wanted);
                            }
                        }
                        default -> reader.skipValue();
                    }
                }
                reader.endObject();
                if (!output.containsKey("name")) {
                    throw new HttpFailure(400, "an output has no name");
                }
                outputs.add(output);
            }
            reader.endArray();
            return outputs;
        }

        private List<Input> inputs() throws IOException {
            List<Input> inputs = new ArrayList<>();
            reader.beginArray();
            while (reader.hasNext()) {
                inputs.add(input());
            }
            reader.endArray();
            return inputs;
        }

        private Input input() throws IOException {
            String name = null;
            String datatype = null;
            List<Integer> shape = null;
            Data data = null;
            Map<String, Object> parameters = Map.of();
            reader.beginObject();
            while (reader.hasNext()) {
                switch (reader.nextName()) {
                    case "name" -> name = reader.nextString();
                    case "datatype" -> datatype = reader.nextString();
                    case "shape" -> shape = shape();
                    case "parameters" -> parameters = parameters();
                    case "data" -> data = data();
                    default -> reader.skipValue();
                }
            }
            reader.endObject();
            if (name == null || datatype == null || shape == null) {
                throw new HttpFailure(400, "an input has no name, datatype or shape");
            }
            Object size = parameters.get("binary_data_size");
            if ((size == null) == (data == null)) {
                throw new HttpFailure(400, "input " + name + " needs either data or the parameter binary_data_size");
            }
            return size == null
                    ? new Input(name, shape, datatype, data.numbers(), data.texts(), null)
                    : new Input(name, shape, datatype, null, null, slice(name, size));
        }

        private ByteBuffer slice(String name, Object size) {
            if (!(size instanceof Double bytes)
                    || bytes < 0
                    || bytes > binary.remaining()
                    || bytes != Math.rint(bytes)) {
                throw new HttpFailure(
                        400, "input " + name + ": the body does not hold " + size + " bytes of binary data");
            }
            ByteBuffer slice = binary.slice(binary.position(), bytes.intValue()).order(ByteOrder.LITTLE_ENDIAN);
            binary.position(binary.position() + bytes.intValue());
            return slice;
        }

        private List<Integer> shape() throws IOException {
            List<Integer> shape = new ArrayList<>();
            reader.beginArray();
            while (reader.hasNext()) {
                int extent = reader.nextInt();
                if (extent < 1 || shape.size() == MAX_RANK) {
                    throw new HttpFailure(400, "a shape has an extent below 1 or more than " + MAX_RANK + " extents");
                }
                shape.add(extent);
            }
            reader.endArray();
            return List.copyOf(shape);
        }

        private record Data(float[] numbers, List<String> texts) {}

        /** A flat or nested array of numbers or texts. */
        private Data data() throws IOException {
            float[] numbers = new float[64];
            int count = 0;
            List<String> texts = new ArrayList<>();
            int depth = 0;
            do {
                switch (reader.peek()) {
                    case BEGIN_ARRAY -> {
                        reader.beginArray();
                        depth++;
                    }
                    case END_ARRAY -> {
                        reader.endArray();
                        depth--;
                    }
                    case NUMBER -> {
                        if (count == numbers.length) {
                            numbers = Arrays.copyOf(numbers, count * 2);
                        }
                        numbers[count++] = (float) reader.nextDouble();
                    }
                    case STRING -> texts.add(reader.nextString());
                    default ->
                        throw new HttpFailure(400, "data of an input holds something else than numbers or texts");
                }
                if (depth > MAX_RANK) {
                    throw new HttpFailure(400, "data of an input is nested more than " + MAX_RANK + " times");
                }
            } while (depth > 0);
            if (count > 0 && !texts.isEmpty()) {
                throw new HttpFailure(400, "data of an input mixes numbers and texts");
            }
            return new Data(Arrays.copyOf(numbers, count), texts);
        }
    }
}

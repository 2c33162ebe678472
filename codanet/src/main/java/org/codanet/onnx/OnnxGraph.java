package org.codanet.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A graph under construction, and the ONNX file that it becomes. Values are named by strings. Not thread-safe.
 *
 * <p>Source of the field numbers: {@code onnx.proto3} of the ONNX project, IR version 8.
 */
final class OnnxGraph {
    private static final int IR_VERSION = 8;
    private static final int OPERATOR_SET = 17;

    private static final int FLOAT = 1;
    private static final int INT64 = 7;

    private final List<ProtoWriter> nodes = new ArrayList<>();
    private final List<ProtoWriter> initializers = new ArrayList<>();
    private final List<ProtoWriter> inputs = new ArrayList<>();
    private final List<ProtoWriter> outputs = new ArrayList<>();

    /**
     * An integer attribute, or a list of integers, of a node.
     *
     * @param values one value for a plain integer
     */
    record Attribute(String name, boolean isList, List<Long> values) {
        static Attribute integer(String name, long value) {
            return new Attribute(name, false, List.of(value));
        }

        static Attribute integers(String name, long... values) {
            return new Attribute(
                    name, true, java.util.Arrays.stream(values).boxed().toList());
        }

        private ProtoWriter write() {
            ProtoWriter attribute = new ProtoWriter().text(1, name);
            int integers = 7;
            int integer = 2;
            attribute.integer(20, isList ? integers : integer);
            values.forEach(value -> attribute.integer(isList ? 8 : 3, value));
            return attribute;
        }
    }

    /**
     * Adds a node.
     *
     * @param output name of its only output; unique in the graph
     * @return {@code output}
     */
    String node(String operator, String output, List<String> operands, Attribute... attributes) {
        ProtoWriter node = new ProtoWriter();
        operands.forEach(name -> node.text(1, name));
        node.text(2, output).text(3, output).text(4, operator);
        for (Attribute attribute : attributes) {
            node.message(5, attribute.write());
        }
        nodes.add(node);
        return output;
    }

    /** Adds a constant of float32 values. @return {@code name} */
    String constant(String name, float[] values, long... shape) {
        ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return constant(name, FLOAT, raw.array(), shape);
    }

    /** Adds a constant with one dimension of int64 values, such as axes or extents. @return {@code name} */
    String integers(String name, long... values) {
        ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(values.length, Long.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        raw.asLongBuffer().put(values);
        return constant(name, INT64, raw.array(), values.length);
    }

    private String constant(String name, int type, byte[] raw, long... shape) {
        ProtoWriter tensor = new ProtoWriter();
        for (long extent : shape) {
            tensor.integer(1, extent);
        }
        initializers.add(tensor.integer(2, type).text(8, name).bytes(9, raw));
        return name;
    }

    /** Declares a float32 input whose first extent is free. @return {@code name} */
    String input(String name, long... extentsAfterFirst) {
        inputs.add(valueInfo(name, FLOAT, extentsAfterFirst));
        return name;
    }

    /** Declares a float32 value as an output whose first extent is that of the input. */
    void output(String name, long... extentsAfterFirst) {
        outputs.add(valueInfo(name, FLOAT, extentsAfterFirst));
    }

    /** As {@link #output}, for a value of type int64. */
    void integerOutput(String name, long... extentsAfterFirst) {
        outputs.add(valueInfo(name, INT64, extentsAfterFirst));
    }

    private static ProtoWriter valueInfo(String name, int type, long... extentsAfterFirst) {
        ProtoWriter shape = new ProtoWriter().message(1, new ProtoWriter().text(2, "N"));
        for (long extent : extentsAfterFirst) {
            shape.message(1, new ProtoWriter().integer(1, extent));
        }
        ProtoWriter tensor = new ProtoWriter().integer(1, type).message(2, shape);
        return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor));
    }

    /**
     * The bytes of an ONNX file.
     *
     * @param description for people to read
     * @param metadata for programs to read
     */
    byte[] model(String description, Map<String, String> metadata) {
        ProtoWriter graph = new ProtoWriter();
        nodes.forEach(node -> graph.message(1, node));
        graph.text(2, "coda_net");
        initializers.forEach(tensor -> graph.message(5, tensor));
        inputs.forEach(input -> graph.message(11, input));
        outputs.forEach(output -> graph.message(12, output));
        ProtoWriter model = new ProtoWriter()
                .integer(1, IR_VERSION)
                .text(2, "codanet")
                .text(6, description)
                .message(7, graph)
                .message(8, new ProtoWriter().integer(2, OPERATOR_SET));
        metadata.forEach(
                (key, value) -> model.message(14, new ProtoWriter().text(1, key).text(2, value)));
        return model.toBytes();
    }
}

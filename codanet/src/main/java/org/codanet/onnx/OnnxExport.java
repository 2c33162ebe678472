package org.codanet.onnx;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.AtomicFile;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.LayerConfig;
import org.codanet.model.LayerExtent;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.onnx.OnnxGraph.Attribute;

/**
 * Exports a trained network with its explanation to ONNX (operator set 17).
 *
 * <p>The graph has one input and two or three outputs. N is free, H and W are the extents that the network was trained on:
 *
 * <ul>
 *   <li>{@code images} (N, C, H, W): float32 in [0, 1], prepared as the model requires, without inverse channels
 *   <li>{@code logits} (N, K): float32
 *   <li>{@code contributions} (N, T, H, W): float32; the contributions of a map and the logit bias add up to the logit
 *   <li>{@code classes} (N, 1): int64, the explained class; only for {@link OnnxTarget#PREDICTED}
 * </ul>
 *
 * <p>The back-projection is part of the graph as transposed convolutions, so a runtime needs no gradients. Results agree with those of
 * {@code org.codanet.explain} within the rounding of float32. The metadata hold {@code codanet.labels}, {@code codanet.preprocessing}
 * and {@code codanet.logit_bias} as JSON.
 */
public final class OnnxExport {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /**
     * Protocol buffers cannot hold more than 2 GB. The file has at most two values for each weight: one in a filter, and one in a factor of
     * a squared norm.
     */
    private static final long MAX_WEIGHTS = 200_000_000;

    private final OnnxGraph graph = new OnnxGraph();
    private final CodaNetConfig config;
    private final ModelFile model;
    private final Preprocessing images;
    private final OnnxTarget target;

    private OnnxExport(ModelFile model, Preprocessing images, OnnxTarget target) {
        this.config = model.codaNetConfig();
        this.model = model;
        this.images = images;
        this.target = target;
    }

    /**
     * Writes or replaces an ONNX file.
     *
     * @param target which logits the graph explains
     * @throws IllegalArgumentException if the model does not record the size of its images, or has more than 200 million weights
     * @throws IOException naming the file and the reason if it cannot be written; an old file is then unchanged
     */
    public static void write(ModelFile model, OnnxTarget target, Path file) throws IOException {
        AtomicFile.replace(file, bytes(model, target));
    }

    /** The content of the file that {@link #write} writes. */
    public static byte[] bytes(ModelFile model, OnnxTarget target) {
        Preprocessing images = model.preprocessing()
                .orElseThrow(() -> new IllegalArgumentException(
                        "ONNX export: the model does not record the size of its images, and the graph needs it"));
        if (model.config().parameters() > MAX_WEIGHTS) {
            throw new IllegalArgumentException("ONNX export: the network has "
                    + model.config().parameters() + " weights, more than fit an ONNX file (" + MAX_WEIGHTS + ")");
        }
        return new OnnxExport(model, images, target).bytes();
    }

    private byte[] bytes() {
        int height = images.height();
        int width = images.width();
        String input = graph.input("images", config.imageChannels(), height, width);
        String x = config.addInverse() ? withInverse(input) : input;

        List<AlignmentNodes> layers = layers();
        String y = x;
        for (AlignmentNodes layer : layers) {
            y = layer.forward(y);
        }
        logits(y);
        graph.output("logits", config.numClasses());

        int targets = target == OnnxTarget.ALL ? config.numClasses() : 1;
        String map = target == OnnxTarget.ALL ? seedsOfAllClasses() : seedsOfPredictedClass();
        for (AlignmentNodes layer : layers.reversed()) {
            map = layer.backProject(map, targets);
        }
        contributions(x, map);
        graph.output("contributions", targets, height, width);
        return graph.model("CoDA-Net with contribution maps as the second output", metadata());
    }

    private List<AlignmentNodes> layers() {
        List<LayerExtent> extents = config.extents(images.height(), images.width());
        List<AlignmentNodes> nodes = new ArrayList<>();
        int height = images.height();
        int width = images.width();
        for (int i = 0; i < config.depth(); i++) {
            LayerConfig layer = config.layers().get(i);
            nodes.add(new AlignmentNodes(graph, i, layer, model.weights(), height, width, extents.get(i)));
            height = extents.get(i).height();
            width = extents.get(i).width();
        }
        return nodes;
    }

    /** Appends the inverse 1 - v of every channel. */
    private String withInverse(String input) {
        String inverse = graph.node("Sub", "inverse", List.of(graph.constant("one", new float[] {1}), input));
        return graph.node("Concat", "input", List.of(input, inverse), Attribute.integer("axis", 1));
    }

    /** logit_k = Σ z_k / T + bias. */
    private void logits(String z) {
        String sums = graph.node(
                "ReduceSum", "sums", List.of(z, graph.integers("positions", 2, 3)), Attribute.integer("keepdims", 0));
        String evidence = graph.node("Div", "evidence", List.of(sums, number("temperature", config.temperature())));
        graph.node("Add", "logits", List.of(evidence, number("logit_bias", config.logitBias())));
    }

    /** (1, K, K, 1, 1): 1/T where target and channel are equal. */
    private String seedsOfAllClasses() {
        int classes = config.numClasses();
        float[] seeds = new float[classes * classes];
        for (int k = 0; k < classes; k++) {
            seeds[k * classes + k] = (float) (1 / config.temperature());
        }
        return graph.constant("seeds", seeds, 1, classes, classes, 1, 1);
    }

    /** (N, 1, K, 1, 1): 1/T in the channel of the highest logit; if logits are equal, the first is taken. */
    private String seedsOfPredictedClass() {
        graph.node("ArgMax", "classes", List.of("logits"), Attribute.integer("axis", 1));
        graph.integerOutput("classes", 1);
        String seeds = graph.node(
                "OneHot",
                "seeds_flat",
                List.of(
                        "classes",
                        graph.integers("class_count", config.numClasses()),
                        graph.constant("off_on", new float[] {0, (float) (1 / config.temperature())}, 2)));
        return graph.node(
                "Reshape", "seeds", List.of(seeds, graph.integers("seeds_shape", -1, 1, config.numClasses(), 1, 1)));
    }

    /** Σ over channels of input times map. */
    private void contributions(String x, String map) {
        String products = graph.node(
                "Mul",
                "contributions_of_channels",
                List.of(
                        map,
                        graph.node("Unsqueeze", "input_of_targets", List.of(x, graph.integers("target_axis", 1)))));
        graph.node(
                "ReduceSum",
                "contributions",
                List.of(products, graph.integers("channel_axis", 2)),
                Attribute.integer("keepdims", 0));
    }

    private String number(String name, double value) {
        return graph.constant(name, new float[] {(float) value});
    }

    private Map<String, String> metadata() {
        List<String> labels = new ArrayList<>();
        for (int k = 0; k < config.numClasses(); k++) {
            labels.add(config.label(k));
        }
        Map<String, Object> preparation = new LinkedHashMap<>();
        preparation.put("channels", images.channels());
        preparation.put("height", images.height());
        preparation.put("width", images.width());
        preparation.put("resize", images.resize());
        preparation.put("range", "0..1");
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("codanet.labels", GSON.toJson(labels));
        metadata.put("codanet.preprocessing", GSON.toJson(preparation));
        metadata.put("codanet.logit_bias", GSON.toJson(config.logitBias()));
        return metadata;
    }
}

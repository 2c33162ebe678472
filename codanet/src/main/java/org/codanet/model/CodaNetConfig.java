package org.codanet.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.FileFormatException;
import org.codanet.json.JsonFields;
import org.codanet.nn.op.alignment.Norm;

/**
 * What a CoDA-Net is made of. The lists have one entry a layer.
 *
 * <p>As JSON the names are those of the parameters in snake case: {@code in_channels}, {@code out_channels}, and so on.
 *
 * @param inChannels channels that the first layer reads; with {@code addInverse} twice those of the image, 6 for colour
 * @param outChannels units of each layer; the last is {@code numClasses}
 * @param ranks rank of each layer's matrices, at least 1
 * @param kernels extent of each layer's square patch, at least 1
 * @param strides step of each layer between patches, at least 1
 * @param paddings zeros that each layer adds on every side
 * @param norm how all units bound their activation
 * @param logitBias added to every logit; the paper's is ln(.1/.9)
 * @param temperature divides the summed output of the last layer, above 0
 * @param numClasses number of logits
 * @param addInverse whether the image v enters as v and 1 - v
 * @param labels names of the classes in order; empty if they have none
 * @param bias whether the dynamic weights have a constant part; never with {@link Norm#WB}
 */
public record CodaNetConfig(
        int inChannels,
        List<Integer> outChannels,
        List<Integer> ranks,
        List<Integer> kernels,
        List<Integer> strides,
        List<Integer> paddings,
        Norm norm,
        double logitBias,
        double temperature,
        int numClasses,
        boolean addInverse,
        List<String> labels,
        boolean bias) {

    /** The paper's logit bias, ln(.1/.9): before any evidence each of ten classes has probability one tenth. */
    public static final double DEFAULT_LOGIT_BIAS = Math.log(0.1 / 0.9);

    /** Far above any use, and low enough that sums of extents and paddings fit an int. */
    private static final int MOST = 1 << 24;

    private static final String WHAT = "network config";
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /**
     * Checks everything that can be checked without an image's extents.
     *
     * @throws IllegalArgumentException with one sentence that names the wrong thing
     */
    public CodaNetConfig {
        outChannels = List.copyOf(outChannels);
        ranks = List.copyOf(ranks);
        kernels = List.copyOf(kernels);
        strides = List.copyOf(strides);
        paddings = List.copyOf(paddings);
        labels = List.copyOf(labels);
        check(norm != null, "norm is missing; it is one of %s", Arrays.toString(Norm.values()));
        check(!outChannels.isEmpty(), "out_channels is empty; a network has at least one layer");
        atLeast(1, "in_channels", List.of(inChannels));
        entries(outChannels.size(), 1, "out_channels", outChannels);
        entries(outChannels.size(), 1, "ranks", ranks);
        entries(outChannels.size(), 1, "kernels", kernels);
        entries(outChannels.size(), 1, "strides", strides);
        entries(outChannels.size(), 0, "paddings", paddings);
        check(Double.isFinite(logitBias), "logit_bias is %s, not a finite number", logitBias);
        check(
                Double.isFinite(temperature) && temperature > 0,
                "temperature is %s, it must be a finite number above 0",
                temperature);
        check(
                numClasses == outChannels.getLast(),
                "num_classes is %d, but the last of out_channels is %d",
                numClasses,
                outChannels.getLast());
        check(
                !addInverse || inChannels % 2 == 0,
                "add_inverse doubles the image's channels, so in_channels must be even, not %d",
                inChannels);
        check(
                labels.isEmpty() || labels.size() == numClasses,
                "there are %d labels for %d classes",
                labels.size(),
                numClasses);
        check(!bias || norm != Norm.WB, "norm WB has no bias, but bias is true");
        checkSizes(inChannels, outChannels, ranks, kernels);
    }

    private static void entries(int layers, int least, String name, List<Integer> values) {
        check(values.size() == layers, "%s has %d entries, out_channels has %d", name, values.size(), layers);
        atLeast(least, name, values);
    }

    private static void atLeast(int least, String name, List<Integer> values) {
        for (int i = 0; i < values.size(); i++) {
            String where = values.size() == 1 ? "" : " of layer " + i;
            check(values.get(i) >= least, "%s%s is %d, it must be at least %d", name, where, values.get(i), least);
            check(values.get(i) <= MOST, "%s%s is %d, it must be at most %d", name, where, values.get(i), MOST);
        }
    }

    /** Weights of one layer are counted in an int everywhere below, so a layer beyond that is refused here. */
    private static void checkSizes(int in, List<Integer> out, List<Integer> ranks, List<Integer> kernels) {
        long channels = in;
        for (int i = 0; i < out.size(); i++) {
            double patch = (double) channels * kernels.get(i) * kernels.get(i);
            double largest = patch * Math.max(1.0, out.get(i)) * ranks.get(i);
            check(
                    largest <= Integer.MAX_VALUE / 4,
                    "layer %d would have %.3g weights, more than one array holds",
                    i,
                    largest);
            channels = out.get(i);
        }
    }

    private static void check(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(WHAT + ": " + problem.formatted(values));
        }
    }

    /** {@return the number of layers} */
    public int depth() {
        return outChannels.size();
    }

    /** {@return the channels of an image before its inverse is added: 3 for colour, 1 for grey} */
    public int imageChannels() {
        return addInverse ? inChannels / 2 : inChannels;
    }

    /**
     * {@return the name of a class: its label, or its number where it has none}
     *
     * @throws IndexOutOfBoundsException if there is no such class
     */
    public String label(int classIndex) {
        if (classIndex < 0 || classIndex >= numClasses) {
            throw new IndexOutOfBoundsException(
                    "network config: class " + classIndex + " was asked for; there are 0 to " + (numClasses - 1));
        }
        return labels.isEmpty() ? Integer.toString(classIndex) : labels.get(classIndex);
    }

    /** {@return the layers, first to last} */
    public List<LayerConfig> layers() {
        List<LayerConfig> layers = new ArrayList<>();
        int channels = inChannels;
        for (int i = 0; i < depth(); i++) {
            layers.add(new LayerConfig(
                    channels,
                    outChannels.get(i),
                    ranks.get(i),
                    kernels.get(i),
                    strides.get(i),
                    paddings.get(i),
                    norm,
                    bias));
            channels = outChannels.get(i);
        }
        return List.copyOf(layers);
    }

    /**
     * {@return what each layer puts out for an image of these extents, first to last}
     *
     * @param height rows of the image
     * @param width columns of the image
     * @throws IllegalArgumentException if a layer's output would be empty, naming the layer
     */
    public List<LayerExtent> extents(int height, int width) {
        check(height > 0 && width > 0, "an image of %d x %d pixels is empty", height, width);
        List<LayerExtent> extents = new ArrayList<>();
        int h = height;
        int w = width;
        for (LayerConfig layer : layers()) {
            int nextH = layer.outputExtent(h);
            int nextW = layer.outputExtent(w);
            check(
                    nextH > 0 && nextW > 0,
                    "layer %d (kernel %d, stride %d, padding %d) leaves nothing of its %d x %d input; the image is %d x %d",
                    extents.size(),
                    layer.kernel(),
                    layer.stride(),
                    layer.padding(),
                    h,
                    w,
                    height,
                    width);
            extents.add(new LayerExtent(layer.outChannels(), nextH, nextW));
            h = nextH;
            w = nextW;
        }
        return List.copyOf(extents);
    }

    /**
     * {@return the extents of every weight array under the authors' names, in the order of their files}
     *
     * @see AuthorsLayout
     */
    public Map<String, List<Integer>> parameterShapes() {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        List<LayerConfig> layers = layers();
        for (int i = 0; i < layers.size(); i++) {
            LayerConfig layer = layers.get(i);
            int rows = layer.patch() * layer.outChannels();
            shapes.put(
                    AuthorsLayout.keyOfA(i), List.of(layer.rank(), layer.inChannels(), layer.kernel(), layer.kernel()));
            shapes.put(AuthorsLayout.keyOfB(i), List.of(rows, layer.rank(), 1, 1));
            if (bias) {
                shapes.put(AuthorsLayout.keyOfBias(i), List.of(rows));
            }
        }
        return shapes;
    }

    /** {@return the number of weights of the whole network} */
    public long parameters() {
        return layers().stream().mapToLong(LayerConfig::parameters).sum();
    }

    /**
     * {@return this config with other names of the classes}
     *
     * @param names one a class, or none
     */
    public CodaNetConfig withLabels(List<String> names) {
        return new CodaNetConfig(
                inChannels,
                outChannels,
                ranks,
                kernels,
                strides,
                paddings,
                norm,
                logitBias,
                temperature,
                numClasses,
                addInverse,
                names,
                bias);
    }

    /** {@return this config as an indented JSON object; {@link #fromJson(String)} gives an equal one} */
    public String toJson() {
        return GSON.toJson(toJsonObject());
    }

    /** {@return this config as a JSON object} */
    JsonObject toJsonObject() {
        JsonObject json = new JsonObject();
        json.addProperty("in_channels", inChannels);
        json.add("out_channels", GSON.toJsonTree(outChannels));
        json.add("ranks", GSON.toJsonTree(ranks));
        json.add("kernels", GSON.toJsonTree(kernels));
        json.add("strides", GSON.toJsonTree(strides));
        json.add("paddings", GSON.toJsonTree(paddings));
        json.addProperty("norm", norm.name());
        json.addProperty("logit_bias", logitBias);
        json.addProperty("temperature", temperature);
        json.addProperty("num_classes", numClasses);
        json.addProperty("add_inverse", addInverse);
        json.add("labels", GSON.toJsonTree(labels));
        json.addProperty("bias", bias);
        return json;
    }

    /**
     * {@return the config that a JSON object describes}
     *
     * <p>{@code labels} may be absent (none), {@code bias} (true, but false with WB) and {@code logit_bias} (the paper's). A
     * {@code loss}, which configs of other programs carry here, is passed over: it belongs to the training recipe.
     *
     * @param json a JSON object with the names of {@link #toJson}
     * @throws IllegalArgumentException if it is no such object, with one sentence that names the wrong or unknown field
     */
    public static CodaNetConfig fromJson(String json) {
        return fromJson(JsonFields.parse(WHAT, json));
    }

    /**
     * {@return the config in a JSON file}
     *
     * @param file as {@link #fromJson(String)} wants it, in UTF-8
     * @throws FileFormatException if it is no config, with one sentence that names the file and the wrong or unknown field
     * @throws IOException if it cannot be read
     */
    public static CodaNetConfig read(Path file) throws IOException {
        try {
            return fromJson(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new FileFormatException(file.toString(), "no such file", e);
        } catch (CharacterCodingException e) {
            throw new FileFormatException(file.toString(), "is not UTF-8 text", e);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }

    private static CodaNetConfig fromJson(JsonFields fields) {
        Norm norm = norm(fields.text("norm"));
        CodaNetConfig config = new CodaNetConfig(
                fields.integer("in_channels"),
                fields.integers("out_channels"),
                fields.integers("ranks"),
                fields.integers("kernels"),
                fields.integers("strides"),
                fields.integers("paddings"),
                norm,
                fields.has("logit_bias") ? fields.number("logit_bias") : DEFAULT_LOGIT_BIAS,
                fields.number("temperature"),
                fields.integer("num_classes"),
                fields.truth("add_inverse"),
                fields.has("labels") ? fields.texts("labels") : List.of(),
                fields.has("bias") ? fields.truth("bias") : norm != Norm.WB);
        fields.ignore("loss");
        fields.finish();
        return config;
    }

    private static Norm norm(String name) {
        for (Norm norm : Norm.values()) {
            if (norm.name().equals(name)) {
                return norm;
            }
        }
        throw new IllegalArgumentException(
                WHAT + ": norm is \"" + name + "\", not one of " + Arrays.toString(Norm.values()));
    }
}

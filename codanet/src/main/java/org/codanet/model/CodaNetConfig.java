package org.codanet.model;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.codanet.file.FileFormatException;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Norm;

/**
 * The architecture of a CoDA-Net: its layers, the inverse channels before the first layer, and the temperature and bias after the last.
 *
 * <p>All layers have the same norm, and either all of them or none has a bias, because the file format stores one norm and one
 * bias flag per network.
 *
 * @param layers the dynamic alignment layers, first to last, at least one; each reads as many channels as the previous one has
 *     units; the last one has one unit per class
 * @param logitBias constant added to every logit; the paper uses ln(.1/.9)
 * @param temperature divisor of the summed output of the last layer; above 0
 * @param addInverse whether the first layer reads the image v and its inverse 1 - v, and so twice the image's channels
 * @param labels names of the classes in order; empty if the classes have no names
 */
public record CodaNetConfig(
        List<LayerConfig> layers, double logitBias, double temperature, boolean addInverse, List<String> labels)
        implements NetworkConfig {

    /** The paper's logit bias, ln(.1/.9): with no evidence at all, each of ten classes has a probability of one tenth. */
    public static final double DEFAULT_LOGIT_BIAS = Math.log(0.1 / 0.9);

    /** Upper bound of every extent. It is far above any use, and sums of extents and paddings still fit an int. */
    private static final int LARGEST_EXTENT = 1 << 24;

    /**
     * Checks everything that can be checked without the size of an image.
     *
     * @throws IllegalArgumentException with one sentence that names the value at fault
     */
    public CodaNetConfig {
        layers = List.copyOf(layers);
        labels = List.copyOf(labels);
        check(!layers.isEmpty(), "a network has at least one layer");
        int inChannels = layers.getFirst().inChannels();
        check(inChannels >= 1, "in_channels is %d, it must be at least 1", inChannels);
        check(inChannels <= LARGEST_EXTENT, "in_channels is %d, it must be at most %d", inChannels, LARGEST_EXTENT);
        for (int i = 0; i < layers.size(); i++) {
            LayerConfig layer = layers.get(i);
            requireRange("out_channels", i, layer.outChannels(), 1);
            requireRange("ranks", i, layer.rank(), 1);
            requireRange("kernels", i, layer.kernel(), 1);
            requireRange("strides", i, layer.stride(), 1);
            requireRange("paddings", i, layer.padding(), 0);
        }
        check(Double.isFinite(logitBias), "logit_bias is %s, not a finite number", logitBias);
        check(
                Double.isFinite(temperature) && temperature > 0,
                "temperature is %s, it must be a finite number above 0",
                temperature);
        check(
                !addInverse || inChannels % 2 == 0,
                "add_inverse doubles the image's channels, so in_channels must be even, not %d",
                inChannels);
        int classes = layers.getLast().outChannels();
        check(
                labels.isEmpty() || labels.size() == classes,
                "there are %d labels for %d classes",
                labels.size(),
                classes);
        for (int i = 0; i < layers.size(); i++) {
            requireConsistent(layers, i);
        }
    }

    /** The names are those of the JSON fields, since most configs come from a file. */
    private static void requireRange(String field, int layer, int value, int least) {
        check(value >= least, "%s of layer %d is %d, it must be at least %d", field, layer, value, least);
        check(
                value <= LARGEST_EXTENT,
                "%s of layer %d is %d, it must be at most %d",
                field,
                layer,
                value,
                LARGEST_EXTENT);
    }

    private static void requireConsistent(List<LayerConfig> layers, int index) {
        LayerConfig layer = layers.get(index);
        LayerConfig first = layers.getFirst();
        check(layer.norm() != null, "norm is missing");
        check(
                layer.norm() == first.norm() && layer.bias() == first.bias(),
                "layer %d differs from layer 0 in norm or bias; all layers have the same",
                index);
        check(!layer.bias() || layer.norm() != Norm.WB, "norm WB has no bias, but bias is true");
        if (index > 0) {
            int units = layers.get(index - 1).outChannels();
            check(
                    layer.inChannels() == units,
                    "layer %d reads %d channels, but layer %d has %d units",
                    index,
                    layer.inChannels(),
                    index - 1,
                    units);
        }
        // The weights of one layer are counted in an int everywhere else.
        double patch = (double) layer.inChannels() * layer.kernel() * layer.kernel();
        double weights = patch * layer.outChannels() * layer.rank();
        check(
                weights <= Integer.MAX_VALUE / 4,
                "layer %d would have %.3g weights, more than one array holds",
                index,
                weights);
    }

    private static void check(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(
                    CodaNetConfigJson.SUBJECT + ": " + String.format(Locale.ROOT, problem, values));
        }
    }

    /**
     * {@return a builder of a network whose first layer reads this many channels}
     *
     * @param inChannels channels of the network's input; with the inverse channels, 6 for colour and 2 for greyscale
     */
    public static Builder builder(int inChannels) {
        return new Builder(inChannels);
    }

    @Override
    public int depth() {
        return layers.size();
    }

    @Override
    public int inChannels() {
        return layers.getFirst().inChannels();
    }

    @Override
    public int numClasses() {
        return layers.getLast().outChannels();
    }

    /** {@return how all units bound their output} */
    public Norm norm() {
        return layers.getFirst().norm();
    }

    /** {@return whether the dynamic weights have the constant part b; never with {@link Norm#WB}} */
    public boolean bias() {
        return layers.getFirst().bias();
    }

    /**
     * {@return the extents of each layer's output for one image, first to last}
     *
     * @param height rows of the image
     * @param width columns of the image
     * @throws IllegalArgumentException if the output of a layer would be empty, naming the layer
     */
    public List<LayerExtent> extents(int height, int width) {
        check(height > 0 && width > 0, "an image of %d x %d pixels is empty", height, width);
        List<LayerExtent> extents = new ArrayList<>();
        int h = height;
        int w = width;
        for (LayerConfig layer : layers) {
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
     * {@return the shape of every weight array in a file, by the authors' names and in the order of their files}
     *
     * @see AuthorsLayout
     */
    @Override
    public Map<String, List<Integer>> parameterShapes() {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        for (int i = 0; i < layers.size(); i++) {
            LayerConfig layer = layers.get(i);
            int rows = layer.patch() * layer.outChannels();
            shapes.put(
                    AuthorsLayout.keyOfA(i), List.of(layer.rank(), layer.inChannels(), layer.kernel(), layer.kernel()));
            shapes.put(AuthorsLayout.keyOfB(i), List.of(rows, layer.rank(), 1, 1));
            if (layer.bias()) {
                shapes.put(AuthorsLayout.keyOfBias(i), List.of(rows));
            }
        }
        return shapes;
    }

    @Override
    public long parameters() {
        return layers.stream().mapToLong(LayerConfig::parameters).sum();
    }

    @Override
    public CodaNetConfig withLabels(List<String> names) {
        return new CodaNetConfig(layers, logitBias, temperature, addInverse, names);
    }

    @Override
    public CodaNetConfig withClasses(int count) {
        List<LayerConfig> changed = new ArrayList<>(layers);
        LayerConfig last = changed.removeLast();
        changed.add(new LayerConfig(
                last.inChannels(),
                count,
                last.rank(),
                last.kernel(),
                last.stride(),
                last.padding(),
                last.norm(),
                last.bias()));
        return new CodaNetConfig(changed, logitBias, temperature, addInverse, List.of());
    }

    @Override
    public String toJson() {
        return CodaNetConfigJson.writeIndented(this);
    }

    @Override
    public String toCompactJson() {
        return CodaNetConfigJson.writeCompact(this);
    }

    /** BCE, as in the paper. */
    @Override
    public LossKind usualLoss() {
        return LossKind.BCE;
    }

    @Override
    public void requireExtents(int height, int width) {
        extents(height, width);
    }

    @Override
    public boolean isOfLastLayer(String key) {
        return key.startsWith((depth() - 1) + ".");
    }

    /**
     * {@return the config that a JSON object describes}
     *
     * <p>Each of {@code out_channels}, {@code ranks}, {@code kernels}, {@code strides} and {@code paddings} is a list with one
     * entry per layer. Three fields may be absent: {@code labels} (default: no names), {@code bias} (default: true, but false
     * with WB) and {@code logit_bias} (default: {@link #DEFAULT_LOGIT_BIAS}). A field {@code loss}, which other programs write
     * here, is ignored, because the loss is part of the training recipe. So is {@code image_size}, which
     * {@code org.codanet.adapt.NetworkConfigFile} reads: a network reads images of any size.
     *
     * @param json a JSON object with the field names that {@link #toJson} writes
     * @throws IllegalArgumentException if it is no such object, with one sentence that names the wrong or unknown field
     */
    public static CodaNetConfig fromJson(String json) {
        return CodaNetConfigJson.read(json);
    }

    /**
     * {@return the config in a JSON file}
     *
     * @param file UTF-8 text in the format of {@link #fromJson(String)}
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

    /**
     * Builds a config layer by layer. Unless set otherwise, the norm is SQ, the units have a bias if the norm allows one, the
     * logit bias is {@link #DEFAULT_LOGIT_BIAS}, the temperature is 1, the input has inverse channels, and the classes have no
     * names.
     */
    public static final class Builder {
        private final int inChannels;
        private final List<LayerSize> sizes = new ArrayList<>();
        private Norm norm = Norm.SQ;
        private Boolean bias;
        private double logitBias = DEFAULT_LOGIT_BIAS;
        private double temperature = 1;
        private boolean addInverse = true;
        private List<String> labels = List.of();

        private record LayerSize(int outChannels, int rank, int kernel, int stride, int padding) {}

        private Builder(int inChannels) {
            this.inChannels = inChannels;
        }

        /**
         * Appends a layer, which reads the channels of the layer before it.
         *
         * @param outChannels number of units
         * @param rank rank of the units' matrices
         * @param kernel extent of the square patch
         * @param stride distance between patches
         * @param padding zeros added on every side
         */
        public Builder layer(int outChannels, int rank, int kernel, int stride, int padding) {
            sizes.add(new LayerSize(outChannels, rank, kernel, stride, padding));
            return this;
        }

        /** Sets how all units bound their output. */
        public Builder norm(Norm value) {
            norm = value;
            return this;
        }

        /** Sets whether the dynamic weights have the constant part b. */
        public Builder bias(boolean value) {
            bias = value;
            return this;
        }

        /** Sets the constant that is added to every logit. */
        public Builder logitBias(double value) {
            logitBias = value;
            return this;
        }

        /** Sets the divisor of the last layer's summed output. */
        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        /** Sets whether the first layer reads the image and its inverse. */
        public Builder addInverse(boolean value) {
            addInverse = value;
            return this;
        }

        /** Sets the names of the classes; an empty list stands for no names. */
        public Builder labels(List<String> names) {
            labels = names;
            return this;
        }

        /**
         * {@return the config}
         *
         * @throws IllegalArgumentException with one sentence that names the value at fault
         */
        public CodaNetConfig build() {
            boolean constantPart = bias == null ? norm != Norm.WB : bias;
            List<LayerConfig> layers = new ArrayList<>();
            int channels = inChannels;
            for (LayerSize size : sizes) {
                layers.add(new LayerConfig(
                        channels,
                        size.outChannels(),
                        size.rank(),
                        size.kernel(),
                        size.stride(),
                        size.padding(),
                        norm,
                        constantPart));
                channels = size.outChannels();
            }
            return new CodaNetConfig(layers, logitBias, temperature, addInverse, labels);
        }
    }
}

package org.codanet.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.codanet.nn.op.LossKind;

/**
 * The architecture of a ResNet (He et al., CVPR 2016). The normalisation of its input is part of the network.
 *
 * @param family where the networks come from, which decides the first layers, the shortcuts and the names of the weights
 * @param bottleneck whether a block has three convolutions, 1 × 1, 3 × 3 and 1 × 1, or two of 3 × 3
 * @param widths channels of the 3 × 3 convolutions of each stage; from the second stage on, the first block has stride 2
 * @param blocks number of blocks of each stage
 * @param mean of each channel of the images, which is subtracted from the values in [0, 1]
 * @param deviation of each channel, by which the difference is divided
 * @param numClasses number of classes
 * @param labels names of the classes in order; empty if the classes have no names
 */
public record ResNetConfig(
        Family family,
        boolean bottleneck,
        List<Integer> widths,
        List<Integer> blocks,
        List<Double> mean,
        List<Double> deviation,
        int numClasses,
        List<String> labels)
        implements NetworkConfig {

    /** Mean of the channels of ImageNet, in [0, 1]. */
    public static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);

    /** Standard deviation of the channels of ImageNet. */
    public static final List<Double> IMAGENET_DEVIATION = List.of(0.229, 0.224, 0.225);

    /** The output of a block of three convolutions has this many times the channels of its 3 × 3 convolution. */
    private static final int EXPANSION = 4;

    private static final int MOST_CHANNELS = 1 << 14;
    private static final int MOST_BLOCKS = 1000;

    /** Where networks come from. */
    public enum Family {
        /** ResNet-20 to ResNet-110 for CIFAR-10: a 3 × 3 convolution first, shortcuts without weights, {@code linear} as the last layer. */
        CIFAR,
        /** ResNet-18 to ResNet-152 of torchvision: a 7 × 7 convolution and maximum pooling first, 1 × 1 shortcuts, {@code fc} as the last layer. */
        IMAGENET
    }

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException with one sentence that names the value at fault
     */
    public ResNetConfig {
        widths = List.copyOf(widths);
        blocks = List.copyOf(blocks);
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        labels = List.copyOf(labels);
        check(
                !widths.isEmpty() && widths.size() == blocks.size(),
                "widths has %d entries and blocks %d; both need one for each stage",
                widths.size(),
                blocks.size());
        check(
                widths.stream().allMatch(width -> width >= 1 && width <= MOST_CHANNELS),
                "widths is %s, each must be 1 to %d",
                widths,
                MOST_CHANNELS);
        check(
                blocks.stream().allMatch(count -> count >= 1 && count <= MOST_BLOCKS),
                "blocks is %s, each must be 1 to %d",
                blocks,
                MOST_BLOCKS);
        check(
                !mean.isEmpty() && mean.size() == deviation.size() && mean.size() <= MOST_CHANNELS,
                "mean has %d entries and deviation %d; both need one for each channel of an image",
                mean.size(),
                deviation.size());
        check(mean.stream().allMatch(Double::isFinite), "mean is %s, not finite", mean);
        check(
                deviation.stream().allMatch(value -> Double.isFinite(value) && value > 0),
                "deviation is %s, each must be a finite number above 0",
                deviation);
        check(
                numClasses >= 1 && numClasses <= MOST_CHANNELS * 16,
                "num_classes is %d, it must be 1 to %d",
                numClasses,
                MOST_CHANNELS * 16);
        check(
                labels.isEmpty() || labels.size() == numClasses,
                "there are %d labels for %d classes",
                labels.size(),
                numClasses);
        for (int i = 1; family == Family.CIFAR && i < widths.size(); i++) {
            int more = widths.get(i) - widths.get(i - 1);
            check(
                    more >= 0 && more % 2 == 0,
                    "widths is %s; shortcuts without weights need stages that grow by an even number of channels",
                    widths);
        }
        check(family != Family.CIFAR || !bottleneck, "blocks of the CIFAR family have two convolutions, not three");
    }

    private static void check(boolean holds, String problem, Object... values) {
        if (!holds) {
            throw new IllegalArgumentException(
                    CodaNetConfigJson.SUBJECT + ": " + String.format(Locale.ROOT, problem, values));
        }
    }

    /** A convolution without bias and the batch normalisation after it. {@code name} and {@code norm} are the prefixes of their keys. */
    record Convolution(
            String name, String norm, int inChannels, int outChannels, int kernel, int stride, int padding) {}

    /** One residual block. {@code projection} is empty if the shortcut has no weights. */
    record Block(String name, List<Convolution> body, Optional<Convolution> projection, int outChannels, int stride) {
        int inChannels() {
            return body.getFirst().inChannels();
        }

        /** Whether the shortcut is the identity. */
        boolean keepsShape() {
            return stride == 1 && inChannels() == outChannels;
        }
    }

    /** The first convolution. */
    Convolution stem() {
        return family == Family.CIFAR
                ? new Convolution("conv1", "bn1", inChannels(), widths.getFirst(), 3, 1, 1)
                : new Convolution("conv1", "bn1", inChannels(), widths.getFirst(), 7, 2, 3);
    }

    /** The residual blocks, first to last. */
    List<Block> residualBlocks() {
        List<Block> all = new ArrayList<>();
        int channels = widths.getFirst();
        for (int stage = 0; stage < widths.size(); stage++) {
            for (int i = 0; i < blocks.get(stage); i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                Block block = block("layer" + (stage + 1) + "." + i, channels, widths.get(stage), stride);
                all.add(block);
                channels = block.outChannels();
            }
        }
        return all;
    }

    private Block block(String name, int inChannels, int width, int stride) {
        int outChannels = bottleneck ? EXPANSION * width : width;
        List<Convolution> body = bottleneck
                ? List.of(
                        convolution(name, 1, inChannels, width, 1, 1),
                        convolution(name, 2, width, width, 3, stride),
                        convolution(name, 3, width, outChannels, 1, 1))
                : List.of(convolution(name, 1, inChannels, width, 3, stride), convolution(name, 2, width, width, 3, 1));
        boolean projects = family == Family.IMAGENET && (stride != 1 || inChannels != outChannels);
        return new Block(
                name,
                body,
                projects
                        ? Optional.of(new Convolution(
                                name + ".downsample.0", name + ".downsample.1", inChannels, outChannels, 1, stride, 0))
                        : Optional.empty(),
                outChannels,
                stride);
    }

    private static Convolution convolution(
            String block, int number, int inChannels, int outChannels, int kernel, int stride) {
        return new Convolution(
                block + ".conv" + number, block + ".bn" + number, inChannels, outChannels, kernel, stride, kernel / 2);
    }

    /** Name of the last layer in files. */
    String head() {
        return family == Family.CIFAR ? "linear" : "fc";
    }

    /** Channels that the last layer reads. */
    int features() {
        return bottleneck ? EXPANSION * widths.getLast() : widths.getLast();
    }

    @Override
    public int depth() {
        return 2
                + residualBlocks().stream()
                        .mapToInt(block -> block.body().size())
                        .sum();
    }

    @Override
    public int inChannels() {
        return mean.size();
    }

    @Override
    public boolean addInverse() {
        return false;
    }

    /** 1: the positions have been averaged before the last layer. */
    @Override
    public double temperature() {
        return 1;
    }

    /** 0: the last layer has a bias of its own. */
    @Override
    public double logitBias() {
        return 0;
    }

    /** Cross entropy. */
    @Override
    public LossKind usualLoss() {
        return LossKind.CE;
    }

    /** Every size fits, because all convolutions with larger kernels are padded. */
    @Override
    public void requireExtents(int height, int width) {
        check(height > 0 && width > 0, "an image of %d x %d pixels is empty", height, width);
    }

    @Override
    public Map<String, List<Integer>> parameterShapes() {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        add(stem(), shapes);
        for (Block block : residualBlocks()) {
            block.body().forEach(convolution -> add(convolution, shapes));
            block.projection().ifPresent(convolution -> add(convolution, shapes));
        }
        shapes.put(head() + ".weight", List.of(numClasses, features()));
        shapes.put(head() + ".bias", List.of(numClasses));
        return shapes;
    }

    private static void add(Convolution convolution, Map<String, List<Integer>> shapes) {
        shapes.put(
                convolution.name() + ".weight",
                List.of(
                        convolution.outChannels(),
                        convolution.inChannels(),
                        convolution.kernel(),
                        convolution.kernel()));
        for (String part : List.of("weight", "bias", "running_mean", "running_var")) {
            shapes.put(convolution.norm() + "." + part, List.of(convolution.outChannels()));
        }
    }

    @Override
    public boolean isOfLastLayer(String key) {
        return key.startsWith(head() + ".");
    }

    @Override
    public long parameters() {
        return parameterShapes().entrySet().stream()
                .filter(entry -> !isStatistic(entry.getKey()))
                .mapToLong(entry -> entry.getValue().stream().mapToLong(i -> i).reduce(1, Math::multiplyExact))
                .sum();
    }

    /** Whether an array of a file is estimated from activations, not trained. */
    static boolean isStatistic(String key) {
        return key.endsWith(".running_mean") || key.endsWith(".running_var");
    }

    @Override
    public ResNetConfig withLabels(List<String> names) {
        return new ResNetConfig(family, bottleneck, widths, blocks, mean, deviation, numClasses, names);
    }

    @Override
    public ResNetConfig withClasses(int count) {
        return new ResNetConfig(family, bottleneck, widths, blocks, mean, deviation, count, List.of());
    }

    @Override
    public String toJson() {
        return ResNetConfigJson.writeIndented(this);
    }

    @Override
    public String toCompactJson() {
        return ResNetConfigJson.writeCompact(this);
    }
}

package org.codanet.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.recipe.Accumulation;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;

/**
 * The experiments that have a name. Most are those of the paper (Böhle, Fritz, Schiele, CVPR 2021), under the names that the
 * authors' code gives them. The names of smaller experiments of this project begin with XS. They can be trained on a CPU. The ResNets are
 * ordinary networks for comparison (He et al., CVPR 2016); they read public checkpoints, and their recipes are this project's, because its
 * optimiser is Adam.
 *
 * <p>The recipes of the paper's experiments are the paper's, with one difference: the optimiser steps whenever the virtual batch
 * is full ({@link Accumulation#ALIGNED}). The authors' code counts differently ({@link Accumulation#AUTHORS}).
 */
public final class Experiments {
    /** The class names of CIFAR-10, in the order of its labels. */
    public static final List<String> CIFAR10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** The class names of Fashion-MNIST, in the order of its labels. */
    public static final List<String> FASHION_MNIST = List.of(
            "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot");

    /** Input channels of a network for colour images, inverse channels included. */
    private static final int COLOUR_WITH_INVERSE = 6;

    /** Input channels of a network for greyscale images, inverse channel included. */
    private static final int GREYSCALE_WITH_INVERSE = 2;

    /** The paper's temperature in the experiments that vary the rank. */
    private static final double RANK_TEMPERATURE = 1000;

    /** The paper's temperature in the experiments that vary the weight lambda of the regulariser. */
    private static final double LAMBDA_TEMPERATURE = 64;

    private static final Map<String, Experiment> ALL = all();

    private Experiments() {}

    /** {@return the names of all experiments, the paper's first} */
    public static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /**
     * {@return the experiment of this name}
     *
     * @param name one of {@link #names}; case does not matter
     * @throws IllegalArgumentException if there is none; the message lists all names
     */
    public static Experiment named(String name) {
        for (Experiment experiment : ALL.values()) {
            if (experiment.name().equalsIgnoreCase(name)) {
                return experiment;
            }
        }
        throw new IllegalArgumentException(
                "no experiment is called " + name + "; there are " + String.join(", ", names()));
    }

    private static Map<String, Experiment> all() {
        List<Experiment> all = new ArrayList<>();
        for (int temperature : new int[] {10, 50, 100, 500, 1000, 5000, 10000}) {
            all.add(small("9L-S-CoDA-SQ-" + temperature, Norm.SQ, 32, 64, temperature, 0));
        }
        all.add(small("9L-S-CoDA-L2-1000", Norm.L2, 32, 64, 1000, 0));
        for (int rank : new int[] {4, 8, 16, 144}) {
            all.add(small("9L-S-CoDA-SQ-rank-" + rank, Norm.SQ, rank, 2 * rank, RANK_TEMPERATURE, 0));
        }
        for (String lambda : List.of("0.0", "0.1", "0.25", "0.5", "1.0")) {
            all.add(small(
                    "9L-S-CoDA-SQ-lambda-" + lambda, Norm.SQ, 32, 64, LAMBDA_TEMPERATURE, Double.parseDouble(lambda)));
        }
        all.add(large());
        all.add(extraSmall());
        all.add(extraSmallGrey());
        for (int blocks : new int[] {3, 5, 7, 9}) {
            all.add(cifarResNet(blocks));
        }
        all.add(imageNetResNet("ResNet-18", false, List.of(2, 2, 2, 2)));
        all.add(imageNetResNet("ResNet-34", false, List.of(3, 4, 6, 3)));
        all.add(imageNetResNet("ResNet-50", true, List.of(3, 4, 6, 3)));
        Map<String, Experiment> named = new LinkedHashMap<>();
        all.forEach(experiment -> named.put(experiment.name(), experiment));
        return Collections.unmodifiableMap(named);
    }

    /** The paper's network for CIFAR-10: two layers of rank {@code firstRank}, then seven of rank {@code rank}. */
    private static Experiment small(
            String name, Norm norm, int firstRank, int rank, double temperature, double lambda) {
        CodaNetConfig network = CodaNetConfig.builder(COLOUR_WITH_INVERSE)
                .layer(16, firstRank, 3, 1, 1)
                .layer(16, firstRank, 3, 1, 1)
                .layer(32, rank, 3, 2, 1)
                .layer(32, rank, 3, 1, 1)
                .layer(32, rank, 3, 1, 1)
                .layer(64, rank, 3, 2, 1)
                .layer(64, rank, 3, 1, 1)
                .layer(64, rank, 3, 1, 1)
                .layer(10, rank, 1, 1, 0)
                .norm(norm)
                .temperature(temperature)
                .labels(CIFAR10)
                .build();
        TrainingRecipe recipe =
                TrainingRecipe.of(LossKind.BCE, 200, 8, new LearningRate.StepDecay(2.5e-4, 1.5, 30)).toBuilder()
                        .batches(8, 16)
                        .augmentation(new AugmentationRecipe(true, 0, 32, 4, 0, 0))
                        .lambda(lambda)
                        .build();
        return new Experiment(name, network, new Preprocessing(3, 32, 32, 0), recipe);
    }

    /** The paper's network for a hundred classes of ImageNet. */
    private static Experiment large() {
        CodaNetConfig network = CodaNetConfig.builder(COLOUR_WITH_INVERSE)
                .layer(16, 64, 7, 3, 3)
                .layer(32, 64, 3, 1, 1)
                .layer(32, 64, 3, 1, 1)
                .layer(64, 128, 3, 2, 1)
                .layer(64, 128, 3, 1, 1)
                .layer(64, 128, 3, 1, 1)
                .layer(64, 256, 3, 2, 1)
                .layer(64, 256, 3, 1, 1)
                .layer(100, 256, 3, 1, 1)
                .temperature(1e5)
                .build();
        TrainingRecipe recipe =
                TrainingRecipe.of(LossKind.BCE, 60, 4, new LearningRate.WarmUpThenHalve(2.5e-4, 1e-3, 15, 20))
                        .toBuilder()
                        .batches(4, 64)
                        .augmentation(new AugmentationRecipe(true, 256, 240, 0, 2, 10))
                        .build();
        return new Experiment("9L-L-CoDA-SQ-100000", network, new Preprocessing(3, 240, 240, 256), recipe);
    }

    /** Four layers for CIFAR-10. A CPU with two cores trains an epoch in minutes. */
    private static Experiment extraSmall() {
        CodaNetConfig network = CodaNetConfig.builder(COLOUR_WITH_INVERSE)
                .layer(32, 16, 3, 2, 1)
                .layer(64, 16, 3, 2, 1)
                .layer(64, 16, 3, 1, 1)
                .layer(10, 16, 1, 1, 0)
                .temperature(30)
                .labels(CIFAR10)
                .build();
        TrainingRecipe recipe =
                TrainingRecipe.of(LossKind.BCE, 16, 16, new LearningRate.Cosine(1e-3, 1e-5, 0.3, 16)).toBuilder()
                        .augmentation(new AugmentationRecipe(true, 0, 32, 4, 0, 0))
                        .build();
        return new Experiment("XS-CoDA-SQ-30", network, new Preprocessing(3, 32, 32, 0), recipe);
    }

    /** Four layers for greyscale images of 28 x 28 pixels. A CPU trains it in a few minutes. */
    private static Experiment extraSmallGrey() {
        CodaNetConfig network = CodaNetConfig.builder(GREYSCALE_WITH_INVERSE)
                .layer(16, 16, 3, 2, 1)
                .layer(32, 32, 3, 1, 1)
                .layer(32, 32, 3, 2, 1)
                .layer(10, 32, 1, 1, 0)
                .temperature(50)
                .labels(FASHION_MNIST)
                .build();
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 4, 32, new LearningRate.Cosine(3e-3, 1e-5, 0.1, 4));
        return new Experiment("XS-CoDA-grey", network, new Preprocessing(1, 28, 28, 0), recipe);
    }

    /** A ResNet for CIFAR-10 with {@code blocks} residual blocks in each of three stages, and 6 blocks + 2 layers. */
    private static Experiment cifarResNet(int blocks) {
        ResNetConfig network = new ResNetConfig(
                ResNetConfig.Family.CIFAR,
                false,
                List.of(16, 32, 64),
                List.of(blocks, blocks, blocks),
                ResNetConfig.IMAGENET_MEAN,
                ResNetConfig.IMAGENET_DEVIATION,
                CIFAR10.size(),
                CIFAR10);
        TrainingRecipe recipe =
                TrainingRecipe.of(LossKind.CE, 100, 128, new LearningRate.Cosine(2e-3, 1e-5, 0.5, 100)).toBuilder()
                        .augmentation(new AugmentationRecipe(true, 0, 32, 4, 0, 0))
                        .build();
        return new Experiment("ResNet-" + (6 * blocks + 2), network, new Preprocessing(3, 32, 32, 0), recipe);
    }

    /** A ResNet for ImageNet with the keys of torchvision. Its classes have no names here. */
    private static Experiment imageNetResNet(String name, boolean bottleneck, List<Integer> blocks) {
        ResNetConfig network = new ResNetConfig(
                ResNetConfig.Family.IMAGENET,
                bottleneck,
                List.of(64, 128, 256, 512),
                blocks,
                ResNetConfig.IMAGENET_MEAN,
                ResNetConfig.IMAGENET_DEVIATION,
                1000,
                List.of());
        TrainingRecipe recipe =
                TrainingRecipe.of(LossKind.CE, 90, 64, new LearningRate.Cosine(1e-3, 1e-5, 0.5, 90)).toBuilder()
                        .batches(64, 256)
                        .augmentation(new AugmentationRecipe(true, 256, 224, 0, 0, 0))
                        .build();
        return new Experiment(name, network, new Preprocessing(3, 224, 224, 256), recipe);
    }
}

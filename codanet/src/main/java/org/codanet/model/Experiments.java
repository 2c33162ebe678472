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
 * The experiments that have names: those of the paper (Böhle, Fritz, Schiele, CVPR 2021), under the names of its code, and
 * smaller ones of ours, which begin with XS and train on a CPU.
 *
 * <p>The recipes of the paper's experiments are the paper's, except that gradients are added up as the virtual batch says
 * ({@link Accumulation#ALIGNED}); {@link Accumulation#AUTHORS} is what the original's code did.
 */
public final class Experiments {
    /** The classes of CIFAR-10 in its order. */
    public static final List<String> CIFAR10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** The classes of Fashion-MNIST in its order. */
    public static final List<String> FASHION_MNIST = List.of(
            "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot");

    /** The paper's temperature in the experiments that vary the rank, and that of its regularised ones. */
    private static final double RANK_TEMPERATURE = 1000;

    private static final double LAMBDA_TEMPERATURE = 64;

    private static final Map<String, Experiment> ALL = all();

    private Experiments() {}

    /** {@return the names, the paper's first} */
    public static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /**
     * {@return the experiment of this name}
     *
     * @param name as in {@link #names}, upper or lower case
     * @throws IllegalArgumentException if there is none, with the names that there are
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
        Map<String, Experiment> named = new LinkedHashMap<>();
        all.forEach(experiment -> named.put(experiment.name(), experiment));
        return Collections.unmodifiableMap(named);
    }

    /** The paper's net for CIFAR-10: two layers of the first rank, seven of the second. */
    private static Experiment small(
            String name, Norm norm, int firstRank, int rank, double temperature, double lambda) {
        List<Integer> ranks = new ArrayList<>(Collections.nCopies(2, firstRank));
        ranks.addAll(Collections.nCopies(7, rank));
        CodaNetConfig network = colour(
                List.of(16, 16, 32, 32, 32, 64, 64, 64, 10),
                ranks,
                List.of(3, 3, 3, 3, 3, 3, 3, 3, 1),
                List.of(1, 1, 2, 1, 1, 2, 1, 1, 1),
                List.of(1, 1, 1, 1, 1, 1, 1, 1, 0),
                norm,
                temperature,
                CIFAR10);
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 200, 8, new LearningRate.Steps(2.5e-4, 1.5, 30))
                .withBatches(8, 16)
                .withAugmentation(new AugmentationRecipe(true, 0, 32, 4, 0, 0))
                .withLambda(lambda);
        return new Experiment(name, network, new Preprocessing(3, 32, 32, 0), recipe);
    }

    /** The paper's net for a hundred classes of ImageNet. */
    private static Experiment large() {
        CodaNetConfig network = colour(
                List.of(16, 32, 32, 64, 64, 64, 64, 64, 100),
                List.of(64, 64, 64, 128, 128, 128, 256, 256, 256),
                List.of(7, 3, 3, 3, 3, 3, 3, 3, 3),
                List.of(3, 1, 1, 2, 1, 1, 2, 1, 1),
                List.of(3, 1, 1, 1, 1, 1, 1, 1, 1),
                Norm.SQ,
                1e5,
                List.of());
        TrainingRecipe recipe = TrainingRecipe.of(
                        LossKind.BCE, 60, 4, new LearningRate.WarmUpThenHalve(2.5e-4, 1e-3, 15, 20))
                .withBatches(4, 64)
                .withAugmentation(new AugmentationRecipe(true, 256, 240, 0, 2, 10));
        return new Experiment("9L-L-CoDA-SQ-100000", network, new Preprocessing(3, 240, 240, 256), recipe);
    }

    /** Five layers for CIFAR-10, of which a CPU with two cores makes an epoch in minutes. */
    private static Experiment extraSmall() {
        CodaNetConfig network = colour(
                List.of(32, 64, 64, 10),
                List.of(16, 16, 16, 16),
                List.of(3, 3, 3, 1),
                List.of(2, 2, 1, 1),
                List.of(1, 1, 1, 0),
                Norm.SQ,
                30,
                CIFAR10);
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 16, 16, new LearningRate.Cosine(1e-3, 1e-5, 0.3, 16))
                .withAugmentation(new AugmentationRecipe(true, 0, 32, 4, 0, 0));
        return new Experiment("XS-CoDA-SQ-30", network, new Preprocessing(3, 32, 32, 0), recipe);
    }

    /** Four layers for grey images of 28 x 28 pixels, trained in a few minutes. */
    private static Experiment extraSmallGrey() {
        CodaNetConfig network = new CodaNetConfig(
                2,
                List.of(16, 32, 32, 10),
                List.of(16, 32, 32, 32),
                List.of(3, 3, 3, 1),
                List.of(2, 1, 2, 1),
                List.of(1, 1, 1, 0),
                Norm.SQ,
                CodaNetConfig.DEFAULT_LOGIT_BIAS,
                50,
                10,
                true,
                FASHION_MNIST,
                true);
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 4, 32, new LearningRate.Cosine(3e-3, 1e-5, 0.1, 4));
        return new Experiment("XS-CoDA-grey", network, new Preprocessing(1, 28, 28, 0), recipe);
    }

    private static CodaNetConfig colour(
            List<Integer> outChannels,
            List<Integer> ranks,
            List<Integer> kernels,
            List<Integer> strides,
            List<Integer> paddings,
            Norm norm,
            double temperature,
            List<String> labels) {
        return new CodaNetConfig(
                6,
                outChannels,
                ranks,
                kernels,
                strides,
                paddings,
                norm,
                CodaNetConfig.DEFAULT_LOGIT_BIAS,
                temperature,
                outChannels.getLast(),
                true,
                labels,
                true);
    }
}

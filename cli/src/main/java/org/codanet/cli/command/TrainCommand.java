package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.adapt.AdaptedNetwork;
import org.codanet.adapt.NetworkConfigFile;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Interruption;
import org.codanet.cli.console.TrainingDisplay;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.HeldOutOption;
import org.codanet.cli.option.StrictOption;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;
import org.codanet.file.InputFile;
import org.codanet.file.OutputFolder;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.Accumulation;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.ClassWeights;
import org.codanet.train.EpochMetrics;
import org.codanet.train.InitialWeights;
import org.codanet.train.RunLock;
import org.codanet.train.Trainer;
import org.codanet.train.TrainingRun;
import org.codanet.train.TrainingSession;
import org.codanet.train.TrainingSetup;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a network, see {@link TrainingSession}. */
@Command(
        name = "train",
        description =
                "Trains a network and writes models, checkpoints, metrics and a training curve. Ctrl-C writes a checkpoint and stops.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet train --experiment XS-CoDA-SQ-30 --data cifar-10-batches-bin --out run",
            "  codanet train --experiment XS-CoDA-SQ-30 --data cifar-10-batches-bin --out run --resume",
            "",
            "Fine-tuning on other classes, until the accuracy has not risen for 5 epochs:",
            "  codanet train --config net.json --data photos/ --out run --weights old/best.safetensors --patience 5",
            "",
            "With few images of some classes:",
            "  codanet train --config net.json --data photos/ --out run --class-weights balanced",
            "",
            "On your own photos, in photos/train/CLASS/ and photos/test/CLASS/, of any sizes:",
            "  codanet train --experiment XS-CoDA-SQ-30 --data photos/ --out run --size 64",
            "or with a network to edit:",
            "  codanet init-config photos/ --out net.json",
            "  codanet train --config net.json --data photos/ --out run --epochs 20 --batch 16 --accumulate 4",
            "",
            "RUN holds the network (best.safetensors and last.safetensors), the checkpoint to resume from"
                    + " (checkpoint.safetensors), metrics.csv and curve.svg. The result is bit for bit the same for the same data,"
                    + " seed and number of threads, whether the run was interrupted or not.",
            "",
            "A run also writes a checkpoint and stops when its progress goes to a pipe that is closed (2>&1 | head)."
        })
public final class TrainCommand implements Callable<Integer> {
    private static final int MIN_EVALUATION_BATCH = 16;
    private static final int MOST_WEIGHTS_SHOWN = 20;

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Mixin
    StrictOption strictOption;

    private int images;

    /** The network to train. One of the two options is required. */
    static final class Network {
        @Option(
                names = "--experiment",
                paramLabel = "NAME",
                description =
                        "Name of an experiment, such as XS-CoDA-SQ-30. Its number of classes and image size are adapted"
                                + " to the data. 'codanet inspect --experiments' lists all names.")
        String experiment;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                description = "Config of the network as JSON. 'codanet init-config' writes one for your data.")
        Path config;
    }

    @ArgGroup(multiplicity = "1")
    Network network;

    @Option(
            names = "--recipe",
            paramLabel = "FILE",
            description =
                    "Training recipe as JSON. It replaces the recipe of the experiment. 'codanet inspect --json' prints one.")
    Path recipeFile;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description =
                    "Folder with CIFAR-10, CIFAR-100, MNIST, Fashion-MNIST, NumPy arrays, or pictures in train/CLASS/ and"
                            + " test/CLASS/.")
    Path data;

    @Option(
            names = "--size",
            paramLabel = "H[xW]",
            description =
                    "Resize and crop all images to this size in pixels; the model keeps it for later images. Default: that"
                            + " of the experiment or config, or that of the images.")
    ImageSize size;

    @Mixin
    HeldOutOption heldOut;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "RUN",
            description = "Folder for the results. It is created if it is missing.")
    Path out;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description =
                    "Number of passes over the training images. Default: that of the recipe. With --resume, a larger number"
                            + " continues a run, also a finished one; a cosine schedule is stretched, so that the remaining"
                            + " epochs have the learning rates of a run of N epochs.")
    Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Micro-batch size. Default: that of the recipe.")
    Integer batch;

    @Option(
            names = "--accumulate",
            paramLabel = "N",
            description =
                    "Gradient accumulation: number of micro-batches per optimiser step. Default: that of the recipe.")
    Integer accumulate;

    @Option(
            names = "--accumulation",
            paramLabel = "P",
            description =
                    "When to take an optimiser step: aligned (when the virtual batch is full), or authors (one micro-batch earlier, as"
                            + " the original code does). Default: that of the recipe.")
    Accumulation accumulation;

    @Option(
            names = "--lambda",
            paramLabel = "X",
            description = "Weight of the linear-map regulariser. Default: that of the recipe.")
    Double lambda;

    @Option(
            names = "--min-lr",
            paramLabel = "X",
            description = "Lowest learning rate of a step decay or a cosine schedule. Default: that of the recipe.")
    Double minLearningRate;

    @Option(
            names = "--class-weights",
            paramLabel = "W",
            description =
                    "For classes with unequal numbers of images: the loss of each training image is multiplied by the weight of"
                            + " its class. 'balanced' gives classes equal shares of the loss, with weights N / (K N_k). Or one number"
                            + " for each class in their order (1,2.5,1), or a JSON file with a number for each class name. Default: that"
                            + " of the recipe.")
    String classWeights;

    @Option(
            names = "--patience",
            paramLabel = "N",
            defaultValue = "0",
            description = "Early stopping: end after N epochs without a better held-out accuracy, or 0 for never."
                    + " Default: ${DEFAULT-VALUE}.")
    int patience;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description =
                    "Fine-tuning: start from the weights of a model file or a PyTorch checkpoint. The last layer starts with"
                            + " random weights if the number of classes differs.")
    Path weights;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of initial weights, order of images and augmentation. Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--resume", description = "Resume from the checkpoint in RUN, if there is one.")
    boolean resume;

    @Option(
            names = "--checkpoint-seconds",
            paramLabel = "S",
            defaultValue = "300",
            description = "Seconds between checkpoints within an epoch, or 0 for none. Default: ${DEFAULT-VALUE}.")
    double checkpointSeconds;

    @Override
    public Integer call() throws IOException {
        // Options and an existing run are checked first, because reading the images takes a long time.
        Trainer.Options options =
                new Trainer.Options(seed, out, resume, 0, checkpointSeconds, patience, deviceOption.memoryBytes());
        Optional<InitialWeights> initial =
                weights == null ? Optional.empty() : Optional.of(InitialWeights.read(InputFile.require(weights)));
        if (!resume) {
            new TrainingRun(out).requireNoCheckpoint();
        }
        TrainingSetup setup = setup();
        console.say("data: " + setup.training().description());
        console.say("data: " + setup.test().description());
        Stream.of(setup.training(), setup.test())
                .flatMap(images -> images.remarks().stream())
                .distinct()
                .forEach(remark -> console.say("data: " + remark));
        strictOption.announce(console);
        OutputFolder.create(out);
        int evaluationBatch = Math.max(MIN_EVALUATION_BATCH, setup.recipe().microBatch());
        try (RunLock _ = RunLock.of(out);
                Device device = deviceOption.open(console);
                TrainingDisplay display =
                        new TrainingDisplay(console, setup.recipe().epochs());
                TrainingSession session = TrainingSession.open(setup, evaluationBatch, options, device, display)) {
            if (initial.isPresent()) {
                session.startFrom(initial.get());
                boolean newLastLayer = initial.get().leavesOutLastLayer(setup.network());
                console.say("weights: " + weights
                        + (newLastLayer ? ", without the last layer, which has another shape" : ""));
            }
            return run(session, device, display);
        }
    }

    private TrainingSetup setup() throws IOException {
        Optional<Experiment> experiment =
                Optional.ofNullable(network.experiment).map(Experiments::named);
        TrainingRecipe recipe = recipe(experiment);
        Optional<NetworkConfigFile> config =
                experiment.isPresent() ? Optional.empty() : Optional.of(NetworkConfigFile.read(network.config));
        ImageDataset training = heldOut.open(data, Split.TRAIN);
        ImageDataset test = heldOut.open(data, Split.TEST);
        images = training.size() + test.size();
        Optional<ImageSize> wanted = Optional.ofNullable(size);
        AdaptedNetwork adapted = experiment.isPresent()
                ? AdaptedNetwork.of(experiment.get(), recipe, recipeFile == null, training, wanted)
                : AdaptedNetwork.of(config.orElseThrow(), recipe, training, wanted);
        adapted.changes().forEach(console::say);
        // Balanced weights count only the images that can be read, other weights are checked before the images are
        // read.
        boolean balanced = ClassWeights.BALANCED.equals(classWeights);
        TrainingSetup setup = TrainingSetup.of(
                adapted.network(),
                balanced ? adapted.recipe() : weighted(adapted.recipe(), training),
                Optional.of(adapted.preprocessing()),
                new TrainingSetup.Data(data.toString(), training, test, strictOption.unreadable()),
                Runtime.getRuntime().availableProcessors());
        return balanced ? setup.withRecipe(weighted(setup.recipe(), setup.training())) : setup;
    }

    private TrainingRecipe weighted(TrainingRecipe recipe, ImageDataset training) throws IOException {
        if (classWeights == null) {
            return recipe;
        }
        List<Double> weights = ClassWeights.parse(classWeights, training);
        TrainingRecipe weighted = recipe.toBuilder().classWeights(weights).build();
        List<String> names = training.classNames();
        console.say("class weights: "
                + IntStream.range(0, names.size())
                        .limit(MOST_WEIGHTS_SHOWN)
                        .mapToObj(k -> String.format(Locale.ROOT, "%s %.4g", names.get(k), weights.get(k)))
                        .collect(Collectors.joining(", "))
                + (names.size() > MOST_WEIGHTS_SHOWN ? ", ..." : ""));
        return weighted;
    }

    private int run(TrainingSession session, Device device, TrainingDisplay display) throws IOException {
        display.onOutputClosed(session::stop);
        try (Interruption _ = new Interruption(session::stop)) {
            Trainer.Result result = session.train();
            display.finish();
            if (!result.finished() && display.isOutputClosed()) {
                return ExitCodes.OUTPUT_CLOSED;
            }
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
            if (!result.finished()) {
                console.warn("stopped at a checkpoint; resume with: " + resumeCommand());
                return ExitCodes.INTERRUPTED;
            }
            report(result);
            return strictOption.report(console, images);
        }
    }

    private void report(Trainer.Result result) {
        TrainingRun run = new TrainingRun(out);
        List<EpochMetrics> metrics = result.metrics();
        EpochMetrics best = metrics.stream()
                .filter(m -> m.epoch() == result.bestEpoch())
                .findFirst()
                .orElse(metrics.getLast());
        console.result(
                "best    epoch %d, held-out accuracy %.2f %%, %s", best.epoch(), 100 * best.testTop1(), run.best());
        console.result(
                "last    epoch %d, held-out accuracy %.2f %%, %s",
                metrics.getLast().epoch(), 100 * metrics.getLast().testTop1(), run.last());
        console.result("curve   %s", run.curve());
    }

    /** The command line of this run with --resume added. */
    private String resumeCommand() {
        List<String> words = console.spec.commandLine().getParseResult().originalArgs();
        StringBuilder line = new StringBuilder("codanet");
        for (String word : words) {
            line.append(' ').append(word.matches("[\\w./:=,@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'");
        }
        return words.contains("--resume")
                ? line.toString()
                : line.append(" --resume").toString();
    }

    private TrainingRecipe recipe(Optional<Experiment> experiment) throws IOException {
        TrainingRecipe recipe = recipeFile != null
                ? readRecipe(recipeFile)
                : experiment.map(Experiment::recipe).orElseGet(TrainCommand::defaultRecipe);
        TrainingRecipe.Builder changed = recipe.toBuilder();
        if (epochs != null) {
            changed.epochs(epochs);
        }
        if (batch != null || accumulate != null) {
            int micro = batch == null ? recipe.microBatch() : batch;
            int times = accumulate == null ? Math.max(1, recipe.virtualBatch() / recipe.microBatch()) : accumulate;
            if (times < 1) {
                throw new IllegalArgumentException("--accumulate must be at least 1, got " + times);
            }
            if ((long) micro * times > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(times + " micro-batches of " + micro
                        + " images are too many for one optimiser step; use a smaller --accumulate");
            }
            changed.batches(micro, micro * times);
        }
        if (accumulation != null) {
            changed.accumulation(accumulation);
        }
        if (lambda != null) {
            changed.lambda(lambda);
        }
        if (minLearningRate != null) {
            changed.learningRate(changed.build().learningRate().withFloor(minLearningRate));
        }
        return changed.build();
    }

    /** The recipe for a config that has none: BCE, cosine learning rate, no augmentation. */
    private static TrainingRecipe defaultRecipe() {
        int epochs = 30;
        return TrainingRecipe.of(LossKind.BCE, epochs, 16, new LearningRate.Cosine(1.5e-3, 1e-5, 0.5, epochs));
    }

    private static TrainingRecipe readRecipe(Path file) throws IOException {
        String text = InputFile.text(file);
        try {
            return TrainingRecipe.fromJson(text);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }
}

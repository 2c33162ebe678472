package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Failures;
import org.codanet.cli.console.Interruption;
import org.codanet.cli.console.TrainingDisplay;
import org.codanet.cli.option.DataOption;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.ModelOption;
import org.codanet.cli.option.OutputFolder;
import org.codanet.cli.option.RunLock;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.file.FileFormatException;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.Accumulation;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.DatasetSource;
import org.codanet.train.EpochMetrics;
import org.codanet.train.Trainer;
import org.codanet.train.TrainingRun;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a network. */
@Command(
        name = "train",
        description = "Trains a network; writes checkpoints, metrics and a curve. Ctrl-C ends at a checkpoint.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet train --experiment XS-CoDA-SQ-30 --data cifar-10-batches-bin --out run",
            "  codanet train --experiment XS-CoDA-SQ-30 --data cifar-10-batches-bin --out run --resume",
            "  codanet train --config net.json --data photos/ --out run --epochs 20 --batch 16 --accumulate 4",
            "",
            "OUT holds best.safetensors and last.safetensors (the network), checkpoint.safetensors (to resume), metrics.csv"
                    + " and curve.svg. With the same data, seed and number of threads a run gives the same bits, interrupted or not.",
            "",
            "A run whose progress goes into a pipe that nobody reads any more (2>&1 | head) ends at a checkpoint too."
        })
public final class TrainCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    /** One of the two says what is trained. */
    static final class Network {
        @Option(
                names = "--experiment",
                paramLabel = "NAME",
                description = "A named experiment; 'inspect --experiments' lists them.")
        String experiment;

        @Option(names = "--config", paramLabel = "FILE", description = "A network's config as JSON.")
        Path config;
    }

    @ArgGroup(multiplicity = "1")
    Network network;

    @Option(
            names = "--recipe",
            paramLabel = "FILE",
            description = "How to train, as JSON, in place of the experiment's recipe; 'inspect --json' shows one.")
    Path recipeFile;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description =
                    "CIFAR-10 binary, MNIST or Fashion-MNIST, arrays, or pictures in train/CLASS/ and test/CLASS/.")
    Path data;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "RUN",
            description = "Folder of the run; made if it is missing.")
    Path out;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the training images. Default: the recipe's.")
    Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images at a time. Default: the recipe's.")
    Integer batch;

    @Option(
            names = "--accumulate",
            paramLabel = "N",
            description = "Batches whose gradients are added up for one update. Default: the recipe's.")
    Integer accumulate;

    @Option(
            names = "--accumulation",
            paramLabel = "P",
            description =
                    "When updates fall: aligned (when the batches are full), or authors (one early, as the original does).")
    Accumulation accumulation;

    @Option(
            names = "--lambda",
            paramLabel = "X",
            description = "Weight of the linear-map regulariser. Default: the recipe's.")
    Double lambda;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Decides first weights, order and variations. Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--resume", description = "Go on from the checkpoint in RUN, if there is one.")
    boolean resume;

    @Option(
            names = "--checkpoint-seconds",
            paramLabel = "S",
            defaultValue = "300",
            description = "Seconds between checkpoints within an epoch; 0 for none. Default: ${DEFAULT-VALUE}.")
    double checkpointSeconds;

    @Override
    public Integer call() throws IOException {
        // What can be refused at once is, before the images are read.
        Trainer.Options options =
                new Trainer.Options(seed, out, resume, 0, checkpointSeconds, deviceOption.memoryBytes());
        if (!resume) {
            new TrainingRun(out).requireNoCheckpoint();
        }
        Optional<Experiment> experiment =
                Optional.ofNullable(network.experiment).map(Experiments::named);
        CodaNetConfig config =
                experiment.isPresent() ? experiment.get().network() : ModelOption.readConfig(network.config);
        TrainingRecipe recipe = recipe(experiment);
        int threads = Runtime.getRuntime().availableProcessors();
        ImageDataset trainingFiles = Datasets.open(data, Split.TRAIN);
        ImageDataset testFiles = Datasets.open(data, Split.TEST);
        Preprocessing images = experiment.isPresent()
                ? experiment.get().preprocessing()
                : DataOption.extentsOf(trainingFiles, config.imageChannels());
        if (!trainingFiles.classNames().equals(testFiles.classNames())) {
            throw new FileFormatException(
                    data.toString(),
                    "training and test images have other classes: "
                            + differing(trainingFiles.classNames(), testFiles.classNames()));
        }
        CodaNetConfig labelled = DataOption.labelled(config, trainingFiles);
        DataOption.requireFitting(trainingFiles, images, config, recipe.augmentation());
        DataOption.requireFitting(testFiles, images, config, AugmentationRecipe.NONE);
        DataOption.requireTrainable(recipe, labelled, trainingFiles);
        ImageDataset training = DataOption.prepared(trainingFiles, images, threads);
        ImageDataset test = DataOption.prepared(testFiles, images, threads);
        console.say("data: " + training.description());
        console.say("data: " + test.description());
        OutputFolder.make(out);
        try (RunLock _ = RunLock.of(out);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("train");
                CodaNet net = CodaNet.create(labelled, recipe.loss(), device, scope, seed);
                TrainingDisplay display = new TrainingDisplay(console, recipe.epochs())) {
            Trainer trainer = new Trainer(
                    net,
                    recipe,
                    images,
                    DatasetSource.training(training, images, recipe, seed, threads),
                    DatasetSource.evaluation(test, images, Math.max(16, recipe.microBatch()), threads),
                    options,
                    display);
            return run(trainer, device, display);
        }
    }

    /** The first class that the lists do not share. */
    private static String differing(List<String> training, List<String> test) {
        int at = 0;
        while (at < Math.min(training.size(), test.size()) && training.get(at).equals(test.get(at))) {
            at++;
        }
        return "class " + at + " is " + (at < training.size() ? training.get(at) : "missing") + " of training and "
                + (at < test.size() ? test.get(at) : "missing") + " of test";
    }

    private int run(Trainer trainer, Device device, TrainingDisplay display) throws IOException {
        display.whenUnread(trainer::stop);
        try (Interruption _ = new Interruption(trainer::stop)) {
            Trainer.Result result = trainer.train();
            display.finish();
            if (!result.finished() && display.isUnread()) {
                return Failures.UNREAD;
            }
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
            if (!result.finished()) {
                console.warn("stopped at a checkpoint; go on with: " + resumeLine());
                return Failures.INTERRUPTED;
            }
            report(result);
            return 0;
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

    /** The command that was given, with --resume. */
    private String resumeLine() {
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
                : experiment.map(Experiment::recipe).orElseGet(TrainCommand::plainRecipe);
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
                throw new IllegalArgumentException(
                        times + " times " + micro + " images are too many for one update; take a smaller --accumulate");
            }
            changed.batches(micro, micro * times);
        }
        if (accumulation != null) {
            changed.accumulation(accumulation);
        }
        if (lambda != null) {
            changed.lambda(lambda);
        }
        return changed.build();
    }

    /** For a config without a recipe: what our own experiments use. */
    private static TrainingRecipe plainRecipe() {
        int epochs = 30;
        return TrainingRecipe.of(LossKind.BCE, epochs, 16, new LearningRate.Cosine(1.5e-3, 1e-5, 0.5, epochs));
    }

    private static TrainingRecipe readRecipe(Path file) throws IOException {
        String text = ModelOption.readText(file);
        try {
            return TrainingRecipe.fromJson(text);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }
}

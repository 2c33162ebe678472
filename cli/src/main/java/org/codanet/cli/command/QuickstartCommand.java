package org.codanet.cli.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Failures;
import org.codanet.cli.console.Interruption;
import org.codanet.cli.console.TrainingDisplay;
import org.codanet.cli.console.Version;
import org.codanet.cli.option.DataOption;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.OutputFolder;
import org.codanet.cli.option.RunLock;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.FashionMnist;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.file.AtomicFile;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.report.CurvePoint;
import org.codanet.report.ExplainedImage;
import org.codanet.report.ExplanationPage;
import org.codanet.report.PageFact;
import org.codanet.report.TrainingCurve;
import org.codanet.train.DatasetSource;
import org.codanet.train.EpochMetrics;
import org.codanet.train.Trainer;
import org.codanet.train.TrainingRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From nothing to a page of explanations. */
@Command(
        name = "quickstart",
        description = "Trains a small network on real images, evaluates it, and shows its explanations in a page.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet quickstart",
            "  codanet quickstart --out first-run --data cifar-10-batches-bin",
            "",
            "Without --data it uses the part of Fashion-MNIST that comes with the program; no network is needed."
        })
public final class QuickstartCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "codanet-quickstart",
            description = "Folder for model, metrics, curve and page. Default: ${DEFAULT-VALUE}.")
    Path out;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "CIFAR-10, MNIST or Fashion-MNIST in this folder instead.")
    Path data;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the training images. Default: as the data needs.")
    Integer epochs;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Decides everything random. Default: ${DEFAULT-VALUE}.")
    long seed;

    @Override
    public Integer call() throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        ImageDataset train = data == null ? FashionMnist.subset(Split.TRAIN) : Datasets.open(data, Split.TRAIN);
        ImageDataset test = data == null ? FashionMnist.subset(Split.TEST) : Datasets.open(data, Split.TEST);
        Experiment experiment = Experiments.named(train.channels() == 1 ? "XS-CoDA-grey" : "XS-CoDA-SQ-30");
        Preprocessing images = experiment.preprocessing();
        CodaNetConfig config = DataOption.labelled(experiment.network(), train);
        DataOption.requireFitting(
                train, images, experiment.network(), experiment.recipe().augmentation());
        DataOption.requireFitting(test, images, experiment.network(), AugmentationRecipe.NONE);
        train = Datasets.inMemory(train, threads);
        test = Datasets.inMemory(test, threads);
        TrainingRecipe recipe = recipe(experiment);
        OutputFolder.make(out);
        TrainingRun run = new TrainingRun(out);
        requireNoRun(run);
        console.say("data: " + train.description());
        try (RunLock _ = RunLock.of(out);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("quickstart");
                CodaNet net = CodaNet.create(config, recipe.loss(), device, scope, seed);
                TrainingDisplay display = new TrainingDisplay(console, recipe.epochs())) {
            Trainer trainer = new Trainer(
                    net,
                    recipe,
                    images,
                    DatasetSource.training(train, images, recipe, seed, threads),
                    DatasetSource.evaluation(test, images, 64, threads),
                    new Trainer.Options(seed, out, false, 0, 0, deviceOption.memoryBytes()),
                    display);
            display.whenUnread(trainer::stop);
            Trainer.Result result;
            try (Interruption _ = new Interruption(trainer::stop)) {
                result = trainer.train();
            }
            display.finish();
            if (!result.finished()) {
                // A quickstart begins anew: what it has written is of no use to the next one.
                deleteFiles(run);
                if (display.isUnread()) {
                    return Failures.UNREAD;
                }
                console.warn("stopped; nothing is shown of a network that has not learned yet");
                return Failures.INTERRUPTED;
            }
            finish(run, net, result, test, device);
        }
        return 0;
    }

    /** Refuses a folder of {@code train}, whose networks and checkpoint this command would replace and delete. */
    private static void requireNoRun(TrainingRun run) throws IOException {
        for (Path file : files(run)) {
            if (Files.exists(file)) {
                throw new IOException(file + " belongs to a training run, which a quickstart would replace;"
                        + " choose another folder with --out, or delete it");
            }
        }
    }

    private static void deleteFiles(TrainingRun run) throws IOException {
        for (Path file : files(run)) {
            Files.deleteIfExists(file);
        }
    }

    private static List<Path> files(TrainingRun run) {
        return List.of(run.checkpoint(), run.last(), run.best());
    }

    private TrainingRecipe recipe(Experiment experiment) {
        int passes = epochs != null
                ? epochs
                : experiment.network().imageChannels() == 1
                        ? experiment.recipe().epochs()
                        : 2;
        return experiment.recipe().toBuilder().epochs(passes).build();
    }

    private void finish(TrainingRun run, CodaNet net, Trainer.Result result, ImageDataset test, Device device)
            throws IOException {
        EpochMetrics last = result.metrics().getLast();
        Path model = out.resolve("model.safetensors");
        ModelFile.read(run.last()).write(model);
        deleteFiles(run);
        TrainingCurve curve = new TrainingCurve(result.metrics().stream()
                .map(m -> new CurvePoint(m.epoch(), m.trainLoss(), m.testLoss(), m.trainTop1(), m.testTop1()))
                .toList());
        console.say("explaining " + test.name());
        Showcase showcase = new Showcase(net, test, deviceOption.memoryBytes());
        Path page = out.resolve("index.html");
        AtomicFile.replace(
                page,
                page(net, last, test, device, curve, showcase.images()).html().getBytes(StandardCharsets.UTF_8));
        console.result("accuracy  %.2f %% of %,d held-out images", 100 * last.testTop1(), test.size());
        console.result("model     %s", model);
        console.result("metrics   %s", run.metrics());
        console.result("page      %s", page.toAbsolutePath().toUri());
    }

    private ExplanationPage page(
            CodaNet net,
            EpochMetrics last,
            ImageDataset test,
            Device device,
            TrainingCurve curve,
            List<ExplainedImage> images) {
        List<PageFact> facts = List.of(
                new PageFact(
                        "Accuracy",
                        String.format(Locale.ROOT, "%.1f %%", 100 * last.testTop1()),
                        String.format(Locale.ROOT, "of %,d held-out images named correctly", test.size())),
                new PageFact(
                        "Model",
                        net.config().depth() + " layers",
                        String.format(Locale.ROOT, "%,d weights", net.config().parameters())),
                new PageFact("Data", test.name(), ""),
                PageFacts.device(device),
                new PageFact("Made", LocalDate.now().toString(), "codanet " + Version.number() + ", seed " + seed));
        return new ExplanationPage(
                "What the network looked at",
                "This network learned in a few minutes to name pictures. For each picture this page shows what the decision"
                        + " is made of: exactly, pixel by pixel. Where it was wrong, it shows what misled it.",
                facts,
                ClassRanking.meaning(net.loss()),
                Optional.of(curve),
                Optional.empty(),
                images);
    }
}

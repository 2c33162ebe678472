package org.codanet.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.FashionMnist;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.ImageLoader;
import org.codanet.data.dataset.Split;
import org.codanet.file.OutputFolder;
import org.codanet.model.CodaNet;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.report.CurvePoint;
import org.codanet.report.ExplainedImage;
import org.codanet.report.ExplanationPage;
import org.codanet.report.PageForm;
import org.codanet.report.QuickstartPage;
import org.codanet.report.Showcase;
import org.codanet.report.TrainingCurve;
import org.codanet.train.EpochMetrics;
import org.codanet.train.Trainer;
import org.codanet.train.TrainingListener;
import org.codanet.train.TrainingRun;
import org.codanet.train.TrainingSession;
import org.codanet.train.TrainingSetup;

/**
 * Trains a small network, then writes the model and a page with explanations of test images into one folder.
 *
 * <p>The calls in order: {@link #prepare}, {@link #start}, {@link TrainingSession#train}, then {@link #finish}, or {@link #discard} if
 * the training was stopped.
 */
public final class Quickstart {
    private static final int EVALUATION_BATCH = 64;
    private static final int COLOUR_EPOCHS = 2;

    private final Options options;
    private final TrainingSetup setup;
    private final TrainingRun run;

    /**
     * The data, the length of the training, and the output folder.
     *
     * @param folder for model, metrics, curve and page
     * @param data folder of CIFAR-10, MNIST or Fashion-MNIST; if empty, the bundled part of Fashion-MNIST
     * @param epochs passes over the training images; if empty, as many as the data need
     * @param seed of the training
     * @param memoryBudget the largest number of bytes of native memory to use; 0 for no limit
     * @param pageForm whether style sheet and pictures are in the page or beside it
     * @param unreadable what happens to images that cannot be read
     */
    public record Options(
            Path folder,
            Optional<Path> data,
            OptionalInt epochs,
            long seed,
            long memoryBudget,
            PageForm pageForm,
            ImageLoader.Unreadable unreadable) {}

    /**
     * The results of a quickstart.
     *
     * @param accuracy share of the test images that are classified correctly, in [0, 1]
     * @param images number of test images
     * @param model file of the network
     * @param metrics file of the metrics of every epoch
     * @param page file of the page
     */
    public record Outcome(double accuracy, int images, Path model, Path metrics, Path page) {}

    private Quickstart(Options options, TrainingSetup setup) {
        this.options = options;
        this.setup = setup;
        this.run = new TrainingRun(options.folder());
    }

    /**
     * Reads the images and creates the folder.
     *
     * @param threads that decode images
     * @throws IOException if the images cannot be read, or the folder belongs to a training run
     */
    public static Quickstart prepare(Options options, int threads) throws IOException {
        ImageDataset training = dataset(options, Split.TRAIN);
        ImageDataset test = dataset(options, Split.TEST);
        Experiment experiment = Experiments.named(training.channels() == 1 ? "XS-CoDA-grey" : "XS-CoDA-SQ-30");
        int epochs = options.epochs()
                .orElse(
                        experiment.network().imageChannels() == 1
                                ? experiment.recipe().epochs()
                                : COLOUR_EPOCHS);
        TrainingSetup setup = TrainingSetup.of(
                experiment.network(),
                experiment.recipe().toBuilder().epochs(epochs).build(),
                Optional.of(experiment.preprocessing()),
                new TrainingSetup.Data(training.name(), training, test, options.unreadable()),
                threads);
        Quickstart quickstart = new Quickstart(options, setup);
        OutputFolder.create(options.folder());
        quickstart.requireNoRun();
        ExplanationPage.requireReplaceable(options.folder().resolve("index.html"));
        return quickstart;
    }

    private static ImageDataset dataset(Options options, Split split) throws IOException {
        return options.data().isPresent() ? Datasets.open(options.data().get(), split) : FashionMnist.subset(split);
    }

    /** Network, recipe and images. */
    public TrainingSetup setup() {
        return setup;
    }

    /** Opens the training on a device. The caller holds the folder's lock, and closes the session. */
    public TrainingSession start(Device device, TrainingListener listener) {
        Trainer.Options training =
                new Trainer.Options(options.seed(), options.folder(), false, 0, 0, options.memoryBudget());
        return TrainingSession.open(setup, EVALUATION_BATCH, training, device, listener);
    }

    /**
     * Deletes models and checkpoint of a training that was stopped. A quickstart always starts from the beginning and would not use them.
     */
    public void discard() throws IOException {
        for (Path file : files()) {
            Files.deleteIfExists(file);
        }
    }

    /**
     * Explains test images with the trained network and writes model and page.
     *
     * @param session whose training has finished
     * @param result of the training
     * @param program that creates the page, with its version
     */
    public Outcome finish(TrainingSession session, Trainer.Result result, String program) throws IOException {
        if (!(session.net() instanceof CodaNet net)) {
            throw new IllegalArgumentException("the quickstart explains a CoDA-Net, but another network was trained");
        }
        EpochMetrics last = result.metrics().getLast();
        Path model = options.folder().resolve("model.safetensors");
        ModelFile.read(run.last()).write(model);
        discard();
        TrainingCurve curve = new TrainingCurve(result.metrics().stream()
                .map(m -> new CurvePoint(m.epoch(), m.trainLoss(), m.testLoss(), m.trainTop1(), m.testTop1()))
                .toList());
        List<ExplainedImage> images = new Showcase(net, setup.test(), options.memoryBudget()).images();
        ExplanationPage page = QuickstartPage.of(
                net, setup.test(), last.testTop1(), curve, images, program + ", seed " + options.seed());
        Path file = options.folder().resolve("index.html");
        page.write(file, options.pageForm());
        return new Outcome(last.testTop1(), setup.test().size(), model, run.metrics(), file);
    }

    /** Refuses the folder of a training run, whose models and checkpoint this class would replace and delete. */
    private void requireNoRun() throws IOException {
        for (Path file : files()) {
            if (Files.exists(file)) {
                throw new IOException(file + " belongs to a training run, which a quickstart would replace;"
                        + " choose another folder with --out, or delete it");
            }
        }
    }

    private List<Path> files() {
        return List.of(run.checkpoint(), run.last(), run.best());
    }
}

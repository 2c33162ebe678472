package org.codanet.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.data.batch.BatchSource;
import org.codanet.evaluate.Evaluation;
import org.codanet.evaluate.Evaluator;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.Accumulation;
import org.codanet.recipe.TrainingRecipe;

/**
 * The training loop: epochs of micro-batches, an update whenever the virtual batch is full, and an evaluation after every epoch. All
 * files are written to one folder, see {@link TrainingRun}.
 *
 * <p>Two runs with the same seed, on the same device and with the same number of threads, give the same bits. That holds even if one of
 * them was interrupted and resumed from its checkpoint.
 */
public final class Trainer {
    private final Network net;
    private final TrainingRecipe recipe;
    private final Preprocessing images;
    private final BatchSource training;
    private final BatchSource test;
    private final Options options;
    private final TrainingListener listener;
    private final TrainingRun run;
    private final List<EpochMetrics> metrics = new ArrayList<>();
    private TrainingCheckpoint.Position position = TrainingCheckpoint.Position.start();
    private long secondsSince;
    private long checkpointUpdates;
    private long checkpointTime;
    private volatile boolean stop;

    /**
     * The folder of a run, and how often it is written. Of these options only the seed affects the trained weights.
     *
     * @param seed of the run, with which the network was created; it also decides the order of the images
     * @param folder of the run; created if it does not exist
     * @param resume whether to continue from the folder's checkpoint, if it has one
     * @param checkpointUpdates updates between checkpoints; 0 for one at the end of each epoch only
     * @param checkpointSeconds seconds between checkpoints; 0 for one at the end of each epoch only
     * @param patience early stopping: the number of epochs without a better top-1 on the test images after which the run ends; 0 for never
     * @param memoryBudget the largest number of bytes of native memory to use; batches are split into passes that fit; 0 for no limit
     */
    public record Options(
            long seed,
            Path folder,
            boolean resume,
            long checkpointUpdates,
            double checkpointSeconds,
            int patience,
            long memoryBudget) {
        /** @throws IllegalArgumentException if a number is negative or NaN */
        public Options {
            if (patience < 0) {
                throw new IllegalArgumentException(
                        "train: the patience is " + patience + " epochs, it must not be negative");
            }
            if (checkpointUpdates < 0 || !(checkpointSeconds >= 0) || memoryBudget < 0) {
                throw new IllegalArgumentException("train: checkpoints every " + checkpointUpdates + " updates or "
                        + checkpointSeconds + " seconds and a memory budget of " + memoryBudget
                        + " bytes must not be negative");
            }
        }

        /** Options without early stopping. */
        public Options(
                long seed,
                Path folder,
                boolean resume,
                long checkpointUpdates,
                double checkpointSeconds,
                long memoryBudget) {
            this(seed, folder, resume, checkpointUpdates, checkpointSeconds, 0, memoryBudget);
        }

        /** A new run in a folder, with a checkpoint every five minutes. */
        public static Options in(Path folder, long seed) {
            return new Options(seed, folder, false, 0, 300, 0);
        }

        /** The same options, but the run continues from the checkpoint if there is one. */
        public Options resuming() {
            return new Options(seed, folder, true, checkpointUpdates, checkpointSeconds, patience, memoryBudget);
        }
    }

    /**
     * The result of a run.
     *
     * @param finished false if the run was stopped and can be resumed
     * @param metrics of all finished epochs
     * @param bestEpoch the epoch with the best top-1, whose weights are in {@link TrainingRun#best}; 0 if no epoch was finished
     */
    public record Result(boolean finished, List<EpochMetrics> metrics, int bestEpoch) {}

    /**
     * A trainer of a network that was created with the same seed.
     *
     * @param images the preprocessing of the images, which is written to the model files
     * @param training images in batches of the recipe's micro-batch
     * @param test images for the evaluation after each epoch
     * @throws IllegalArgumentException as {@link #requireTrainable} does
     */
    public Trainer(
            Network net,
            TrainingRecipe recipe,
            Preprocessing images,
            BatchSource training,
            BatchSource test,
            Options options,
            TrainingListener listener) {
        this.net = net;
        this.recipe = recipe;
        this.images = images;
        this.training = training;
        this.test = test;
        this.options = options;
        this.listener = listener;
        this.run = new TrainingRun(options.folder());
        requireTrainable(recipe, net.config(), training.images());
    }

    /**
     * Checks a recipe as the constructor does, for callers that have no network yet.
     *
     * @param images number of images of an epoch
     * @throws IllegalArgumentException if an epoch would have no update, the regulariser has no second class, or the recipe has weights for
     *     another number of classes
     */
    public static void requireTrainable(TrainingRecipe recipe, NetworkConfig network, long images) {
        if (recipe.lambda() > 0 && !(network instanceof CodaNetConfig)) {
            throw new IllegalArgumentException("recipe: lambda is " + recipe.lambda()
                    + ", but the network is no CoDA-Net, so it has no linear map to regularise");
        }
        if (recipe.lambda() > 0 && network.numClasses() < 2) {
            throw new IllegalArgumentException(
                    "recipe: lambda is " + recipe.lambda() + ", but the network has no other class to regularise");
        }
        int weights = recipe.classWeights().size();
        if (weights > 0 && weights != network.numClasses()) {
            throw new IllegalArgumentException(
                    "recipe: " + weights + " class weights, but the network has " + network.numClasses() + " classes");
        }
        Accumulation accumulation = recipe.accumulation();
        boolean any = accumulation.stepsAtEnd();
        for (long seen = 0; !any && seen < images; seen += recipe.microBatch()) {
            int batch = (int) Math.min(recipe.microBatch(), images - seen);
            any = accumulation.stepsAfter(seen, batch, recipe.virtualBatch());
        }
        if (!any) {
            throw new IllegalArgumentException("recipe: with accumulation " + accumulation + " and a virtual batch of "
                    + recipe.virtualBatch() + " an epoch of " + images
                    + " images has no update, so nothing would be trained; use a smaller virtual batch");
        }
    }

    /** Ends the run after the current update, with a checkpoint. May be called from any thread. */
    public void stop() {
        stop = true;
    }

    /**
     * Trains until the recipe's last epoch, or until {@link #stop}.
     *
     * @throws IOException if the folder cannot be written, or its checkpoint cannot be read
     * @throws TrainingException if a value is not finite, or the checkpoint belongs to another run
     */
    public Result train() throws IOException {
        Files.createDirectories(options.folder());
        try (Scope scope = Scope.open("train");
                TrainingStep step = new TrainingStep(net, recipe, scope, options.memoryBudget())) {
            begin(step);
            checkpointTime = System.nanoTime();
            checkpointUpdates = step.updates();
            while (position.epoch() <= recipe.epochs() && !isOutOfPatience()) {
                if (!epoch(step)) {
                    return new Result(false, List.copyOf(metrics), position.bestEpoch());
                }
            }
            return new Result(true, List.copyOf(metrics), position.bestEpoch());
        }
    }

    /** Early stopping. The position in the checkpoint decides, so that a resumed run stops at the same epoch. */
    private boolean isOutOfPatience() {
        int epochsWithoutRise = position.epoch() - 1 - position.bestEpoch();
        if (options.patience() == 0 || position.batches() > 0 || epochsWithoutRise < options.patience()) {
            return false;
        }
        listener.message(
                "stopped early: the top-1 on the test images has not risen for " + epochsWithoutRise + " epochs");
        return true;
    }

    private void begin(TrainingStep step) throws IOException {
        if (!options.resume()) {
            run.requireNoCheckpoint();
        }
        if (!Files.exists(run.checkpoint())) {
            return;
        }
        TrainingCheckpoint checkpoint = TrainingCheckpoint.read(run.checkpoint());
        checkpoint.requireSameRun(run.checkpoint(), net.config(), recipe, options.seed(), data());
        checkpoint.restore(net);
        position = checkpoint.position();
        metrics.addAll(checkpoint.metrics());
        step.resumeAt(position.updates());
        listener.message("resumed from " + run.checkpoint() + ": epoch " + position.epoch() + ", " + position.images()
                + " images, " + position.updates() + " updates");
        TrainingRecipe earlier = checkpoint.recipe();
        if (recipe.epochs() > earlier.epochs() && !recipe.learningRate().equals(earlier.learningRate())) {
            listener.message("the run is continued to epoch " + recipe.epochs() + " instead of " + earlier.epochs()
                    + ": from here on, the learning rate is that of a run of " + recipe.epochs() + " epochs");
        }
    }

    /** Runs the rest of the epoch; returns false if it was stopped before the end. */
    private boolean epoch(TrainingStep step) throws IOException {
        int epoch = position.epoch();
        Sums sums = new Sums(position);
        secondsSince = System.nanoTime();
        long updatesPerEpoch = Math.max(1, Math.ceilDiv(training.images(), recipe.virtualBatch()));
        // The rate of the last update so far. The metrics report it if the resumed epoch has no further update.
        long counted = position.batches() == 0 ? step.updates() : step.updates() - 1;
        double rate = recipe.learningRate().at(epoch - 1, counted, updatesPerEpoch);
        try (BatchSource.Batches batches = training.batches(epoch, position.batches())) {
            while (batches.hasNext()) {
                BatchSource.Batch batch = batches.next();
                long draw = Seeds.of(options.seed(), epoch, sums.batches);
                TrainingStep.Outcome outcome = step.accumulate(batch.images(), batch.labels(), draw);
                boolean due = recipe.accumulation().stepsAfter(sums.images, batch.count(), recipe.virtualBatch());
                sums.add(outcome, batch.count());
                boolean last = !batches.hasNext();
                if (due || last && recipe.accumulation().stepsAtEnd()) {
                    rate = recipe.learningRate().at(epoch - 1, step.updates(), updatesPerEpoch);
                    step.update(rate);
                    sums.pending = false;
                }
                listener.step(new TrainingListener.Progress(
                        epoch,
                        recipe.epochs(),
                        sums.images,
                        training.images(),
                        sums.lossSum / sums.images,
                        (double) sums.correct / sums.images,
                        rate));
                if (!sums.pending && !last && (stop || checkpointDue(step))) {
                    checkpointWithin(epoch, sums, step);
                    if (stop) {
                        return false;
                    }
                }
            }
        }
        if (sums.pending) {
            step.dropGradients();
        }
        return finishEpoch(step, sums, rate) && (!stop || position.epoch() > recipe.epochs());
    }

    private void checkpointWithin(int epoch, Sums sums, TrainingStep step) throws IOException {
        position = sums.position(epoch, step.updates(), seconds());
        secondsSince = System.nanoTime();
        checkpoint(step);
    }

    /** Evaluates the network and writes the files of the epoch; returns false if it was stopped before the evaluation was complete. */
    private boolean finishEpoch(TrainingStep step, Sums sums, double rate) throws IOException {
        int epoch = position.epoch();
        Optional<Evaluation> complete = new Evaluator(net, options.memoryBudget()).evaluate(test, () -> stop);
        if (complete.isEmpty()) {
            checkpointWithin(epoch, sums, step);
            return false;
        }
        Evaluation evaluation = complete.get();
        EpochMetrics line = new EpochMetrics(
                epoch,
                step.updates(),
                rate,
                sums.lossSum / sums.images,
                (double) sums.correct / sums.images,
                evaluation.loss(),
                evaluation.top1(),
                evaluation.top5(),
                seconds());
        metrics.add(line);
        boolean best = evaluation.top1() > position.bestTop1();
        position = new TrainingCheckpoint.Position(
                epoch + 1,
                0,
                0,
                step.updates(),
                0,
                0,
                0,
                best ? evaluation.top1() : position.bestTop1(),
                best ? epoch : position.bestEpoch());
        // The checkpoint comes after the models: if the run crashes in between, the epoch runs again and writes the
        // same files.
        run.writeModels(model(line), best);
        checkpoint(step);
        run.writeMetrics(metrics);
        listener.epoch(line, best);
        return true;
    }

    private ModelFile model(EpochMetrics line) {
        Map<String, Double> scores = new LinkedHashMap<>();
        scores.put("top1", line.testTop1());
        scores.put("top5", line.testTop5());
        scores.put("loss", line.testLoss());
        scores.put("epoch", (double) line.epoch());
        return new ModelFile(net.config(), net.weights(), Optional.of(images), Optional.of(recipe), scores);
    }

    private boolean checkpointDue(TrainingStep step) {
        boolean byUpdates =
                options.checkpointUpdates() > 0 && step.updates() - checkpointUpdates >= options.checkpointUpdates();
        boolean byTime = options.checkpointSeconds() > 0
                && (System.nanoTime() - checkpointTime) * 1e-9 >= options.checkpointSeconds();
        return byUpdates || byTime;
    }

    private void checkpoint(TrainingStep step) throws IOException {
        TrainingCheckpoint.of(net, recipe, options.seed(), data(), position, metrics)
                .write(run.checkpoint());
        checkpointUpdates = step.updates();
        checkpointTime = System.nanoTime();
        listener.checkpoint(run.checkpoint());
    }

    private double seconds() {
        return position.seconds() + (System.nanoTime() - secondsSince) * 1e-9;
    }

    private String data() {
        return training.description() + "; tested on " + test.description();
    }

    /** The running sums of one epoch. */
    private static final class Sums {
        private final TrainingCheckpoint.Position start;
        private int batches;
        private long images;
        private double lossSum;
        private long correct;
        private boolean pending;

        Sums(TrainingCheckpoint.Position start) {
            this.start = start;
            batches = start.batches();
            images = start.images();
            lossSum = start.lossSum();
            correct = start.correct();
        }

        void add(TrainingStep.Outcome outcome, int count) {
            batches++;
            images += count;
            lossSum += outcome.loss() * count;
            correct += outcome.correct();
            pending = true;
        }

        TrainingCheckpoint.Position position(int epoch, long updates, double seconds) {
            return new TrainingCheckpoint.Position(
                    epoch, batches, images, updates, lossSum, correct, seconds, start.bestTop1(), start.bestEpoch());
        }
    }
}

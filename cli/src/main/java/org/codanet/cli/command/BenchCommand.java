package org.codanet.cli.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.NetworkOption;
import org.codanet.data.batch.ImageBatch;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Explainer;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.TrainingStep;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how fast this machine is, from images on the heap to results on the heap. */
@Command(
        name = "bench",
        description =
                "Measures forward, explanation and training on this machine, beside what its matrix products reach.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet bench",
            "  codanet bench --what forward,explain,explain_all,train --model 9L-S-CoDA-SQ-1000 --batches 1,16 --json",
            "",
            "gflops counts a multiply-add as two operations and every dynamic weight as computed from its factors and used"
                    + " once; an explanation counts forward, the weights once more, and their use for each class; training"
                    + " counts four forwards. share_of_peak divides it by a large float32 matrix product, measured in the same run."
        })
public final class BenchCommand implements Callable<Integer> {
    /** Name and version of the form of {@code --json}. */
    static final String SCHEMA = "codanet.bench/1";

    private static final double PEAK_SECONDS = 1;

    /** What is measured. */
    enum What {
        FORWARD,
        EXPLAIN,
        EXPLAIN_ALL,
        TRAIN
    }

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Option(
            names = "--what",
            split = ",",
            paramLabel = "WHAT",
            defaultValue = "forward,explain,explain_all,train",
            description = "forward, explain (one class), explain_all, train; several with commas. Default: all.")
    List<What> what;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "9L-S-CoDA-SQ-1000",
            description = "An experiment's name, a model's file, or a config (.json). Default: ${DEFAULT-VALUE}.")
    String model;

    @Option(names = "--size", paramLabel = "HxW", description = "Extents of the images, if not the network's own.")
    String size;

    @Option(
            names = "--batches",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,16",
            description = "Images at a time; several with commas. Default: ${DEFAULT-VALUE}.")
    List<Integer> batches;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "3",
            description = "How long each measurement takes, warm-up apart. Default: ${DEFAULT-VALUE}.")
    double seconds;

    @Option(names = "--json", description = "One JSON object a measurement instead of a table.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (batches.stream().anyMatch(n -> n < 1)) {
            throw new IllegalArgumentException("--batches must be at least 1, got " + batches);
        }
        if (!(seconds > 0 && seconds <= 3600)) {
            throw new IllegalArgumentException("--seconds must be above 0 and at most 3600, got " + seconds);
        }
        NetworkOption network = NetworkOption.of(model, size);
        batches.forEach(network::requireCountable);
        double peak = MatrixPeak.gigaflops(deviceOption, Math.min(seconds, PEAK_SECONDS));
        console.say(String.format(Locale.ROOT, "a large float32 matrix product reaches %.1f GFLOP/s", peak));
        if (!json) {
            console.result(
                    "%-12s %5s %10s %10s %10s %6s %9s %10s %7s",
                    "what", "batch", "images/s", "ms median", "ms p99", "runs", "GFLOP/s", "peak MiB", "share");
        }
        for (What one : what) {
            for (int batch : batches) {
                // Each in a device of its own, so that none is measured on what another left behind.
                try (Device device =
                        deviceOption.open(one == what.getFirst() && batch == batches.getFirst() ? console : silent())) {
                    measure(device, network, one, batch, peak);
                }
            }
        }
        return 0;
    }

    private Console silent() {
        Console silent = new Console();
        silent.spec = console.spec;
        silent.quiet = true;
        return silent;
    }

    private void measure(Device device, NetworkOption network, What one, int batch, double peak) {
        float[] images = new float[batch * network.config().imageChannels() * network.height() * network.width()];
        for (int i = 0; i < images.length; i++) {
            images[i] = (i * 7919L % 1009) / 1008f;
        }
        Shape shape = Shape.of(batch, network.config().imageChannels(), network.height(), network.width());
        try (Scope scope = Scope.open("bench");
                CodaNet net = open(network, device, scope)) {
            Runnable work = work(net, network, one, images, shape, scope);
            device.resetPeakMemory();
            Timing timing = Timing.of(
                    () -> {
                        work.run();
                        device.synchronize();
                    },
                    seconds);
            report(device, network, one, batch, timing, peak);
        }
    }

    private static CodaNet open(NetworkOption network, Device device, Scope scope) {
        return network.trained()
                .map(file -> CodaNet.load(file, device, scope))
                .orElseGet(() -> CodaNet.create(network.config(), network.loss(), device, scope, 1));
    }

    private Runnable work(CodaNet net, NetworkOption network, What one, float[] images, Shape shape, Scope scope) {
        int batch = shape.extent(0);
        long budget = deviceOption.memoryBytes();
        return switch (one) {
            case FORWARD -> {
                Evaluator evaluator = new Evaluator(net, budget);
                yield () -> evaluator.logits(images, shape);
            }
            case EXPLAIN, EXPLAIN_ALL -> {
                Explainer explainer = new Explainer(net, budget);
                ImageBatch input =
                        ImageBatch.of(images, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3));
                Target target = one == What.EXPLAIN ? Target.predicted() : Target.all();
                yield () -> explainer.explain(input, target);
            }
            case TRAIN -> {
                TrainingRecipe recipe = TrainingRecipe.of(network.loss(), 1, batch, new LearningRate.Constant(2.5e-4));
                TrainingStep step = scope.register(new TrainingStep(net, recipe, scope, budget));
                List<Integer> labels = new ArrayList<>(IntStream.range(0, batch)
                        .map(i -> i % network.config().numClasses())
                        .boxed()
                        .toList());
                yield () -> {
                    step.accumulate(images, shape, labels, 0);
                    step.update(2.5e-4);
                };
            }
        };
    }

    private void report(Device device, NetworkOption network, What one, int batch, Timing timing, double peak) {
        WorkCount count = new WorkCount(network.config(), network.height(), network.width());
        long multiplyAdds = switch (one) {
            case FORWARD -> count.forward();
            case EXPLAIN -> count.explanation(1);
            case EXPLAIN_ALL -> count.explanation(network.config().numClasses());
            case TRAIN -> count.training();
        };
        double imagesPerSecond = batch / (timing.median() * 1e-3);
        double gigaflops = 2.0 * multiplyAdds * imagesPerSecond * 1e-9;
        double mebibytes = ByteSize.mebibytes(device.memory().peak());
        String name = one.name().toLowerCase(Locale.ROOT);
        if (!json) {
            console.result(
                    "%-12s %5d %10.1f %10.2f %10.2f %6d %9.1f %10.1f %6.0f%%",
                    name,
                    batch,
                    imagesPerSecond,
                    timing.median(),
                    timing.percentile99(),
                    timing.runs(),
                    gigaflops,
                    mebibytes,
                    100 * gigaflops / peak);
            return;
        }
        JsonObject line = Console.json(SCHEMA);
        line.addProperty("what", name);
        line.addProperty("model", network.name());
        line.addProperty("device", device.name());
        line.addProperty("device_description", device.description());
        line.addProperty("precision", device.precision().option());
        line.addProperty(
                "threads",
                deviceOption.threads > 0
                        ? deviceOption.threads
                        : Runtime.getRuntime().availableProcessors());
        line.addProperty("batch", batch);
        line.addProperty("images_per_s", imagesPerSecond);
        line.addProperty("ms_median", timing.median());
        line.addProperty("ms_p99", timing.percentile99());
        line.addProperty("runs", timing.runs());
        line.addProperty("peak_native_mib", mebibytes);
        line.addProperty("gflops", gigaflops);
        line.addProperty("share_of_peak", gigaflops / peak);
        line.addProperty("peak_gflops", peak);
        console.result(line);
    }
}

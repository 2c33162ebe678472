package org.codanet.cli.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.NetworkOption;
import org.codanet.measure.MatrixProductPeak;
import org.codanet.measure.Measurement;
import org.codanet.measure.Task;
import org.codanet.measure.Throughput;
import org.codanet.model.CodaNet;
import org.codanet.model.Network;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures throughput and peak memory on this machine, see {@link Throughput}. */
@Command(
        name = "bench",
        description =
                "Measures the throughput of inference, explanation and training on this machine, and compares it with the"
                        + " rate of a large matrix product.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet bench",
            "  codanet bench --what forward,explain,explain_all,train --model 9L-S-CoDA-SQ-1000 --batches 1,16 --json",
            "  codanet bench --what service --arrivals poisson --rate 20,40 --seconds 20",
            "",
            "gflops counts a multiply-add as two operations. It assumes that every dynamic weight is computed from its factors and"
                    + " used once. An explanation counts as two forward passes and one back-projection per class, a training"
                    + " step as four forward passes. share_of_peak is gflops divided by the rate of a large float32 matrix"
                    + " product, which is measured in the same run."
        })
public final class BenchCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    static final String SCHEMA = "codanet.bench/1";

    private static final double MAX_PEAK_SECONDS = 1;

    /** What can be measured: the tasks of {@link Throughput}, and a service. */
    enum Work {
        FORWARD,
        EXPLAIN,
        EXPLAIN_ALL,
        TRAIN,
        SERVICE;

        Task task() {
            return Task.valueOf(name());
        }
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
            description =
                    "Tasks to measure, separated by commas: forward, explain (the predicted class), explain_all (every"
                            + " class), train; or service, alone: the latency of a service under load. Default: all but"
                            + " service.")
    List<Work> work;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "9L-S-CoDA-SQ-1000",
            description = "Name of an experiment, a model file, or a config (.json). Default: ${DEFAULT-VALUE}.")
    String model;

    @Option(
            names = "--size",
            paramLabel = "HxW",
            description = "Height and width of the images in pixels. Default: those of the network.")
    String size;

    @Option(
            names = "--batches",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,16",
            description = "Batch sizes to measure, separated by commas. Default: ${DEFAULT-VALUE}.")
    List<Integer> batches;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "3",
            description = "Duration of each measurement, without the warm-up. Default: ${DEFAULT-VALUE}.")
    double seconds;

    @Option(
            names = "--rate",
            split = ",",
            paramLabel = "R",
            description =
                    "For service: explanations a second that are asked for, separated by commas. Default: 25, 50, 75 and"
                            + " 90 %% of the capacity, which is measured first.")
    List<Double> rates = List.of();

    /** When the calls of {@code service} come. */
    enum Arrivals {
        POISSON,
        CLOSED
    }

    @Option(
            names = "--arrivals",
            paramLabel = "WHEN",
            defaultValue = "poisson",
            description =
                    "For service: poisson (at random moments, whether the others are answered or not) or closed (each client"
                            + " asks again when it has its answer). Default: ${DEFAULT-VALUE}.")
    Arrivals arrivals;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "32",
            description =
                    "For service: clients of the closed loop, which also measures the capacity. Default: ${DEFAULT-VALUE}.")
    int clients;

    @Option(names = "--json", description = "Print one JSON object per measurement instead of a table.")
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
        network.config().requireCodaNet();
        if (work.contains(Work.SERVICE)) {
            if (work.size() > 1) {
                throw new IllegalArgumentException("--what service is measured alone");
            }
            new ServiceBench(rates, arrivals == Arrivals.POISSON, clients, seconds)
                    .run(network, deviceOption, console, json);
            return 0;
        }
        batches.forEach(network::requireCountable);
        double peak = matrixProductPeak();
        console.say(String.format(Locale.ROOT, "a large float32 matrix product reaches %.1f GFLOP/s", peak));
        if (!json) {
            console.result(
                    "%-12s %5s %10s %10s %10s %6s %9s %10s %7s",
                    "what", "batch", "images/s", "ms median", "ms p99", "runs", "GFLOP/s", "peak MiB", "share");
        }
        boolean first = true;
        for (Task task : work.stream().map(Work::task).toList()) {
            for (int batch : batches) {
                // Every measurement opens a new device, so that its peak memory excludes earlier measurements.
                try (Device device = first ? deviceOption.open(console) : deviceOption.openSilently();
                        Scope scope = Scope.open("bench");
                        Network net = network.open(device, scope)) {
                    Throughput throughput = new Throughput(
                            (CodaNet) net, network.height(), network.width(), deviceOption.memoryBytes());
                    report(device, network, throughput.measure(task, batch, seconds), peak);
                }
                first = false;
            }
        }
        return 0;
    }

    private double matrixProductPeak() {
        try (Device device = deviceOption.openSilently(Precision.FP32)) {
            return MatrixProductPeak.gigaflops(device, Math.min(seconds, MAX_PEAK_SECONDS));
        }
    }

    private void report(Device device, NetworkOption network, Measurement measurement, double peak) {
        double mebibytes = ByteSize.mebibytes(measurement.peakBytes());
        if (!json) {
            console.result(
                    "%-12s %5d %10.1f %10.2f %10.2f %6d %9.1f %10.1f %6.0f%%",
                    measurement.task().option(),
                    measurement.batch(),
                    measurement.imagesPerSecond(),
                    measurement.timing().median(),
                    measurement.timing().percentile99(),
                    measurement.timing().runs(),
                    measurement.gigaflops(),
                    mebibytes,
                    100 * measurement.gigaflops() / peak);
            return;
        }
        JsonObject line = Console.json(SCHEMA);
        line.addProperty("what", measurement.task().option());
        line.addProperty("model", network.name());
        line.addProperty("device", device.name());
        line.addProperty("device_description", device.description());
        line.addProperty("precision", device.precision().option());
        line.addProperty(
                "threads",
                deviceOption.threads > 0
                        ? deviceOption.threads
                        : Runtime.getRuntime().availableProcessors());
        line.addProperty("batch", measurement.batch());
        line.addProperty("images_per_s", measurement.imagesPerSecond());
        line.addProperty("ms_median", measurement.timing().median());
        line.addProperty("ms_p99", measurement.timing().percentile99());
        line.addProperty("runs", measurement.timing().runs());
        line.addProperty("peak_native_mib", mebibytes);
        line.addProperty("gflops", measurement.gigaflops());
        line.addProperty("share_of_peak", measurement.gigaflops() / peak);
        line.addProperty("peak_gflops", peak);
        console.result(line);
    }
}

package org.codanet.cli.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.NetworkOption;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Target;
import org.codanet.measure.ServiceLoad;
import org.codanet.measure.ServiceMeasurement;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationService;
import org.codanet.service.ServiceHealth;
import org.codanet.service.ServiceImage;

/**
 * {@code bench --what service}: the latency of an {@link ExplanationService} under load.
 *
 * @param rates calls a second; empty for 25, 50, 75 and 90 % of the capacity, which is measured first
 * @param poisson whether calls arrive at random moments; otherwise in a closed loop
 * @param clients of the closed loop
 * @param seconds of each measurement
 */
record ServiceBench(List<Double> rates, boolean poisson, int clients, double seconds) {
    private static final double[] SHARES = {0.25, 0.5, 0.75, 0.9};
    private static final int IMAGES = 64;

    void run(NetworkOption network, DeviceOption deviceOption, Console console, boolean json) throws IOException {
        if (clients < 1 || clients > 10_000) {
            throw new IllegalArgumentException("--clients must be from 1 to 10000, got " + clients);
        }
        if (rates.stream().anyMatch(rate -> !(rate > 0 && rate <= 1e6))) {
            throw new IllegalArgumentException("--rate must be above 0 and at most 1000000, got " + rates);
        }
        try (ExplanationService service = ExplanationService.builder()
                .model(network.name(), model(network, deviceOption))
                .device(deviceOption.name)
                .deviceOptions(deviceOption.options())
                .build()) {
            service.warmUp();
            ServiceHealth.DeviceHealth device = service.health().devices().getFirst();
            console.say("device: " + device.description());
            ServiceLoad load = new ServiceLoad(service, images(network), ExplainOptions.of(Target.predicted()));
            if (!json) {
                console.result(
                        "%-8s %8s %9s %8s %7s %6s | %8s %8s %8s %8s | %8s %8s | %8s %8s",
                        "arrivals",
                        "due/s",
                        "done/s",
                        "refused",
                        "clients",
                        "batch",
                        "p50 ms",
                        "p90 ms",
                        "p99 ms",
                        "p99.9 ms",
                        "queue50",
                        "queue99",
                        "compute50",
                        "compute99");
            }
            List<Double> wanted = new ArrayList<>(rates);
            if (rates.isEmpty() || !poisson) {
                ServiceMeasurement capacity = load.closed(clients, seconds);
                report(capacity, network, device, console, json);
                for (double share : poisson ? SHARES : new double[0]) {
                    wanted.add(share * capacity.throughput());
                }
            }
            for (double rate : poisson ? wanted : List.<Double>of()) {
                report(load.poisson(rate, seconds, 1), network, device, console, json);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ModelFile model(NetworkOption network, DeviceOption deviceOption) {
        Preprocessing images =
                new Preprocessing(network.config().imageChannels(), network.height(), network.width(), 0);
        try (Device device = deviceOption.openSilently();
                Scope scope = Scope.open("bench");
                Network net = network.open(device, scope)) {
            return new ModelFile(network.config(), net.weights(), Optional.of(images), network.recipe(), Map.of());
        }
    }

    private static List<ServiceImage> images(NetworkOption network) {
        SplittableRandom random = new SplittableRandom(1);
        int channels = network.config().imageChannels();
        List<ServiceImage> images = new ArrayList<>();
        for (int n = 0; n < IMAGES; n++) {
            float[] values = new float[channels * network.height() * network.width()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextDouble();
            }
            images.add(ServiceImage.of(ImageBatch.of(values, 1, channels, network.height(), network.width())));
        }
        return images;
    }

    private static void report(
            ServiceMeasurement found,
            NetworkOption network,
            ServiceHealth.DeviceHealth device,
            Console console,
            boolean json) {
        if (!json) {
            console.result(
                    "%-8s %8s %9.1f %8d %7s %6.2f | %8.2f %8.2f %8.2f %8.2f | %8.2f %8.2f | %8.2f %8.2f",
                    found.arrivals(),
                    found.rate() == 0 ? "" : String.format(Locale.ROOT, "%.1f", found.rate()),
                    found.throughput(),
                    found.refused(),
                    found.clients() == 0 ? "" : String.valueOf(found.clients()),
                    found.meanBatch(),
                    found.total().p50(),
                    found.total().p90(),
                    found.total().p99(),
                    found.total().p999(),
                    found.queue().p50(),
                    found.queue().p99(),
                    found.compute().p50(),
                    found.compute().p99());
            return;
        }
        JsonObject line = Console.json(BenchCommand.SCHEMA);
        line.addProperty("what", "service");
        line.addProperty("model", network.name());
        line.addProperty("device", device.name());
        line.addProperty("device_description", device.description());
        line.addProperty("arrivals", found.arrivals());
        line.addProperty("rate", found.rate());
        line.addProperty("clients", found.clients());
        line.addProperty("explanations_per_s", found.throughput());
        line.addProperty("refused", found.refused());
        line.addProperty("mean_batch", found.meanBatch());
        line.add("ms_total", percentiles(found.total()));
        line.add("ms_queue", percentiles(found.queue()));
        line.add("ms_compute", percentiles(found.compute()));
        console.result(line);
    }

    private static JsonObject percentiles(ServiceMeasurement.Percentiles found) {
        JsonObject json = new JsonObject();
        json.addProperty("p50", found.p50());
        json.addProperty("p90", found.p90());
        json.addProperty("p99", found.p99());
        json.addProperty("p99_9", found.p999());
        return json;
    }
}

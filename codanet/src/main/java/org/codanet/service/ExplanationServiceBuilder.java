package org.codanet.service;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;

/** Sets up an {@link ExplanationService}. */
public final class ExplanationServiceBuilder {
    private final Map<String, Source> models = new LinkedHashMap<>();
    private List<String> devices = List.of("auto");
    private DeviceOptions deviceOptions = DeviceOptions.defaults();
    private DeviceNets.Opener opener = Devices::choose;
    private int maxBatch = 16;
    private Duration maxDelay = Duration.ZERO;
    private int maxQueue = 256;
    private int decodeThreads = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 8);
    private long maxPixels = 25_000_000;
    private Duration closeTimeout = Duration.ofSeconds(30);
    private boolean reopenDevice;
    private ServiceListener listener = ServiceListener.none();

    /** @param maxQueue 0 for the one of the service */
    private record Source(ModelFile file, Path path, int maxQueue) {
        ModelFile read() throws IOException {
            return file != null ? file : ModelFile.read(path);
        }
    }

    ExplanationServiceBuilder() {}

    /** Adds a model. @param file of codanet's own format */
    public ExplanationServiceBuilder model(String name, Path file) {
        return add(name, new Source(null, Objects.requireNonNull(file), 0));
    }

    /** Adds a model with a queue bound of its own. @param queueBound the largest number of waiting calls of this model */
    public ExplanationServiceBuilder model(String name, Path file, int queueBound) {
        return add(name, new Source(null, Objects.requireNonNull(file), positive("the queue bound", queueBound)));
    }

    /** Adds a model that was read before. */
    public ExplanationServiceBuilder model(String name, ModelFile file) {
        return add(name, new Source(Objects.requireNonNull(file), null, 0));
    }

    private ExplanationServiceBuilder add(String name, Source source) {
        if (name.isBlank() || models.putIfAbsent(name, source) != null) {
            throw new IllegalArgumentException("service: '" + name + "' is not the name of a new model");
        }
        return this;
    }

    /** The device, by the names of {@link Devices#choose}. Default: {@code auto}. */
    public ExplanationServiceBuilder device(String name) {
        return devices(List.of(name));
    }

    /** Several devices, which take calls from the same queue. Each holds all models. */
    public ExplanationServiceBuilder devices(List<String> names) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException("service: there is no device");
        }
        devices = List.copyOf(names);
        return this;
    }

    /** Threads, precision and memory of the devices. */
    public ExplanationServiceBuilder deviceOptions(DeviceOptions options) {
        deviceOptions = Objects.requireNonNull(options);
        return this;
    }

    /** Opens devices. Tests use it to make them fail. */
    ExplanationServiceBuilder opener(DeviceNets.Opener replacement) {
        opener = replacement;
        return this;
    }

    /** The largest number of calls that one pass explains. Default: 16. */
    public ExplanationServiceBuilder maxBatch(int calls) {
        maxBatch = positive("the largest batch", calls);
        return this;
    }

    /**
     * How long a call may wait for others to fill its batch. Default: zero, which is best for latency: a free device takes what is there. A
     * longer time counts only while the device is busy: after it has been idle for that time, a call is taken at once.
     */
    public ExplanationServiceBuilder maxDelay(Duration longest) {
        if (longest.isNegative()) {
            throw new IllegalArgumentException("service: the delay must not be negative, got " + longest);
        }
        maxDelay = longest;
        return this;
    }

    /** The largest number of calls of one model that are decoded or wait for a device. Default: 256. */
    public ExplanationServiceBuilder maxQueue(int calls) {
        maxQueue = positive("the queue bound", calls);
        return this;
    }

    /** Threads that decode pictures. Default: half of the processors, at most 8. */
    public ExplanationServiceBuilder decodeThreads(int threads) {
        decodeThreads = positive("the number of decoding threads", threads);
        return this;
    }

    /** The largest number of pixels of a picture to decode. Default: 25 million, which take 300 MB of heap while they are decoded. */
    public ExplanationServiceBuilder maxPixels(long pixels) {
        if (pixels < 1) {
            throw new IllegalArgumentException("service: the largest number of pixels must be positive, got " + pixels);
        }
        maxPixels = pixels;
        return this;
    }

    /** How long {@code close} lets waiting calls finish before it refuses them. Default: 30 seconds. */
    public ExplanationServiceBuilder closeTimeout(Duration longest) {
        closeTimeout = Objects.requireNonNull(longest);
        return this;
    }

    /** Whether a device that fails is opened again, and its calls are computed once more. Default: no; it refuses calls then. */
    public ExplanationServiceBuilder reopenDevice(boolean wanted) {
        reopenDevice = wanted;
        return this;
    }

    /** Gets reports of calls, batches, models and devices. */
    public ExplanationServiceBuilder listener(ServiceListener reports) {
        listener = Objects.requireNonNull(reports);
        return this;
    }

    private static int positive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("service: " + what + " must be at least 1, got " + value);
        }
        return value;
    }

    /**
     * Reads the models, opens the devices and uploads the models to each. Call {@link ExplanationService#warmUp} next.
     *
     * @throws IOException if a model cannot be read
     * @throws IllegalArgumentException if there is no model, or a model does not record the size of its images
     * @throws DeviceException if a device cannot be opened
     */
    public ExplanationService build() throws IOException {
        if (models.isEmpty()) {
            throw new IllegalArgumentException("service: there is no model");
        }
        CallQueue queue = new CallQueue(maxBatch, maxDelay.toNanos());
        Reports reports = new Reports(listener);
        for (Map.Entry<String, Source> model : models.entrySet()) {
            Source source = model.getValue();
            int bound = source.maxQueue() > 0 ? source.maxQueue() : maxQueue;
            queue.publish(new LoadedModel(model.getKey(), 1, source.read(), bound));
            reports.of(model.getKey());
        }
        DeviceWorker.Settings settings = new DeviceWorker.Settings(opener, deviceOptions, maxBatch, reopenDevice);
        List<DeviceWorker> workers = devices.stream()
                .map(name -> new DeviceWorker(name, settings, queue, reports))
                .toList();
        return ExplanationService.start(
                queue, reports, workers, new ExplanationService.Limits(decodeThreads, maxPixels, closeTimeout));
    }
}

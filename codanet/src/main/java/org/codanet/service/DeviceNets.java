package org.codanet.service;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.tensor.Scope;
import org.codanet.run.PassCache;

/** An open device with the networks on it. Only the submission thread of the device uses it. */
final class DeviceNets implements AutoCloseable {
    /** Kinds of target that a service is expected to mix. */
    private static final int KINDS = 8;

    private final Devices.Choice choice;
    private final DeviceOptions options;
    private final int maxBatch;
    private final Reports reports;
    private final Map<LoadedModel, Net> nets = new HashMap<>();

    private record Net(Scope scope, CodaNet net, Explainer explainer) {}

    /** Opens devices. Tests replace it. */
    interface Opener {
        Devices.Choice open(String name, DeviceOptions options);
    }

    DeviceNets(Devices.Choice choice, DeviceOptions options, int maxBatch, Reports reports) {
        this.choice = choice;
        this.options = options;
        this.maxBatch = maxBatch;
        this.reports = reports;
    }

    Device device() {
        return choice.device();
    }

    String selectionReason() {
        return choice.reason();
    }

    /** Uploads the weights of a model. */
    void load(LoadedModel model) {
        long start = System.nanoTime();
        Scope scope = Scope.open("model " + model.info().name());
        try {
            CodaNet net = CodaNet.load(model.file(), device(), scope);
            PassCache.of(net).reserve(KINDS * sizes().size());
            nets.put(model, new Net(scope, net, new Explainer(net, options.memoryBudget())));
        } catch (RuntimeException | Error failure) {
            scope.close();
            throw failure;
        }
        reports.modelLoaded(model.info(), device().name(), Duration.ofNanos(System.nanoTime() - start));
    }

    /** Frees the weights of a model, if they are loaded. */
    void unload(LoadedModel model) {
        Net net = nets.remove(model);
        if (net != null) {
            net.scope().close();
        }
    }

    /** The batch sizes that a device which captures passes is given: powers of two, and the largest. Others need no padding. */
    List<Integer> sizes() {
        List<Integer> sizes = new ArrayList<>();
        for (int size = 1; size < maxBatch; size *= 2) {
            sizes.add(size);
        }
        sizes.add(maxBatch);
        return List.copyOf(sizes);
    }

    /**
     * Explains images of one model by one pass.
     *
     * @param images (C, H, W) of each image
     * @param targets of the calls, one for each image
     * @return of at least the given images, in their order
     */
    Explanation explain(LoadedModel model, BatchKind kind, List<float[]> images, List<Target> targets) {
        int count = device().supportsCapture()
                ? sizes().stream()
                        .filter(size -> size >= images.size())
                        .findFirst()
                        .orElse(images.size())
                : images.size();
        Preprocessing form = model.info().preprocessing();
        int length = images.getFirst().length;
        float[] values = new float[Math.multiplyExact(count, length)];
        List<Target> padded = new ArrayList<>(targets);
        for (int n = 0; n < count; n++) {
            // The last image is repeated, so that a captured pass of the next larger size can be replayed.
            System.arraycopy(images.get(Math.min(n, images.size() - 1)), 0, values, n * length, length);
            if (n >= targets.size()) {
                padded.add(targets.getLast());
            }
        }
        if (!nets.containsKey(model)) {
            // The device was opened again after the model was loaded and before it was published.
            load(model);
        }
        return nets.get(model)
                .explainer()
                .explain(
                        ImageBatch.of(values, count, form.channels(), form.height(), form.width()),
                        kind.batch(padded, model.classes()),
                        kind.channels() ? Detail.CHANNELS : Detail.POSITIONS);
    }

    /** Explains a black image. Fails if the device does not work. */
    void probe(LoadedModel model) {
        explain(model, new BatchKind(BatchKind.Form.ONE, 1, false), List.of(black(model)), List.of(Target.predicted()));
    }

    /** Runs every batch size of a kind several times: plans and captures exist then, and the JVM has compiled the code. */
    void warmUp(LoadedModel model, Target target, boolean channels) {
        BatchKind kind = BatchKind.of(target, model.classes(), channels);
        int limit = model.batchLimit(kind, maxBatch);
        for (int size : sizes()) {
            for (int round = 0; round < 3 && size <= limit; round++) {
                explain(model, kind, Collections.nCopies(size, black(model)), Collections.nCopies(size, target));
            }
        }
    }

    private static float[] black(LoadedModel model) {
        return new float[Math.toIntExact(model.preparation().shape(1).elements())];
    }

    /** Frees all networks and closes the device. */
    @Override
    public void close() {
        try {
            List.copyOf(nets.keySet()).forEach(this::unload);
        } finally {
            device().close();
        }
    }
}

package org.codanet.peers;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the network that torch_script.py wrote, with libtorch through DJL, as JVM users would today. The protocol is that of
 * torch_peer.py: one request {what, batch, seconds} per line on standard input, one measurement per line on
 * standard output.
 */
public final class DjlPeer {
    private static final int MIN_RUNS = 5;

    /** The TorchScript executor profiles the first runs and compiles the script in a later one. */
    private static final int WARM_UP_RUNS = 5;

    private final Path folder;
    private final int size;
    private final Map<String, Model> models = new HashMap<>();
    private final NDManager manager = NDManager.newBaseManager(Device.cpu());

    private DjlPeer(Path folder, int size) {
        this.folder = folder;
        this.size = size;
    }

    /** Arguments: the folder of the scripts, height and width of the images, the number of threads. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            System.err.println("usage: DjlPeer FOLDER SIZE THREADS");
            System.exit(2);
        }
        System.setProperty("ai.djl.pytorch.num_threads", arguments[2]);
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        // The native libraries are on the class path. The engine must neither download others nor report its use.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        DjlPeer peer = new DjlPeer(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        Engine engine = Engine.getInstance();
        String version = "DJL " + Engine.getDjlVersion() + ", " + engine.getEngineName() + " " + engine.getVersion();
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            JsonObject request = JsonParser.parseString(line).getAsJsonObject();
            if (request.get("what").getAsString().equals("ready")) {
                System.out.println(request);
                continue;
            }
            JsonObject answer = new JsonObject();
            answer.add("what", request.get("what"));
            answer.add("batch", request.get("batch"));
            answer.addProperty("threads", Integer.parseInt(arguments[2]));
            answer.addProperty("engine", version);
            try {
                peer.measure(
                        request.get("what").getAsString(),
                        request.get("batch").getAsInt(),
                        request.get("seconds").getAsDouble(),
                        answer);
            } catch (Exception e) {
                answer.addProperty("error", String.valueOf(e.getMessage()).lines().findFirst().orElse("") + " ("
                        + e.getClass().getSimpleName() + ")");
            }
            System.out.println(answer);
        }
    }

    private static boolean needsGradients(String what) {
        return !what.equals("forward");
    }

    private Model model(String what) throws Exception {
        Model model = models.get(what);
        if (model == null) {
            if (!Files.exists(folder.resolve(what + ".pt"))) {
                throw new UnsupportedOperationException("there is no script for " + what);
            }
            model = Model.newInstance(what, Device.cpu(), "PyTorch");
            // The model is loaded for training, because the weights of an inference model cannot take part in automatic differentiation.
            model.load(folder, what, needsGradients(what) ? Map.of("trainParam", "true") : Map.of());
            models.put(what, model);
        }
        return model;
    }

    private void measure(String what, int batch, double seconds, JsonObject answer) throws Exception {
        Model model = model(what);
        resetPeak();
        List<Double> times = new ArrayList<>();
        // Enables automatic differentiation, which the script of an explanation needs.
        try (GradientCollector collector = needsGradients(what) ? Engine.getInstance().newGradientCollector() : null;
                NDManager inputs = manager.newSubManager()) {
            NDArray colours = inputs.randomUniform(0, 1, new Shape(batch, 3, size, size));
            NDArray images = colours.concat(colours.neg().add(1), 1);
            for (int i = 0; i < WARM_UP_RUNS; i++) {
                run(model, what, images);
            }
            long began = System.nanoTime();
            while (times.size() < MIN_RUNS || System.nanoTime() - began < seconds * 1e9) {
                long start = System.nanoTime();
                run(model, what, images);
                times.add((System.nanoTime() - start) * 1e-6);
            }
        }
        Collections.sort(times);
        double median = (times.get((times.size() - 1) / 2) + times.get(times.size() / 2)) / 2;
        answer.addProperty("images_per_s", round(batch / median * 1e3, 100));
        answer.addProperty("ms_median", round(median, 1e4));
        answer.addProperty("ms_p99", round(times.get(Math.min(times.size() - 1, (int) (times.size() * 0.99))), 1e4));
        answer.addProperty("runs", times.size());
        answer.addProperty("peak_mib", peakMib());
    }

    /** Runs from images in native memory to results on the heap. */
    private static float[] run(Model model, String what, NDArray images) {
        try (NDManager step = images.getManager().newSubManager()) {
            NDList input = new NDList(images.duplicate());
            input.attach(step);
            NDList output = model.getBlock().forward(new ParameterStore(step, false), input, needsGradients(what));
            output.attach(step);
            float[] values = output.singletonOrThrow().toFloatArray();
            if (!Float.isFinite(values[0])) {
                throw new IllegalStateException(what + " gives " + values[0]);
            }
            return values;
        }
    }

    private static double round(double value, double steps) {
        return Math.round(value * steps) / steps;
    }

    private static void resetPeak() {
        System.gc();
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5", StandardOpenOption.WRITE);
        } catch (IOException e) {
            // Without Linux's /proc, the peak includes all earlier measurements.
        }
    }

    private static long peakMib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElse(0);
    }
}

package org.codanet.testing;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;

/**
 * Explains many times from several threads, and compares the bits of every result with those of the first time. It reports its native
 * memory after each part of the work. It is a separate program, so that no other test uses memory of the process.
 */
public final class ManyExplanations {
    private static final int THREADS = 4;

    private ManyExplanations() {}

    /** A way to explain: images, target and detail. */
    private record Request(ImageBatch images, Target target, Detail detail) {
        static List<Request> all() {
            return List.of(
                    new Request(Toys.batch(1, 1), Target.predicted(), Detail.POSITIONS),
                    new Request(Toys.batch(2, 2), Target.all(), Detail.POSITIONS),
                    new Request(Toys.batch(3, 3), Target.topK(2), Detail.CHANNELS),
                    new Request(Toys.batch(1, 4), Target.against(2, 0), Detail.CHANNELS));
        }

        float[] contributions(Explainer explainer) {
            FloatBuffer buffer = explainer.explain(images, target, detail).contributions();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return values;
        }
    }

    /**
     * Arguments: the name of a device, and the number of explanations before each report. Prints one line for each report: resident KiB of
     * the process, live and reserved bytes of the device, open tensors.
     */
    public static void main(String[] arguments) throws IOException, InterruptedException, ExecutionException {
        try (Device device = TestDevices.open(arguments[0]);
                Scope run = Scope.open("soak");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, run, 3);
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            Explainer explainer = new Explainer(net);
            List<Request> requests = Request.all();
            List<float[]> first =
                    requests.stream().map(it -> it.contributions(explainer)).toList();
            for (int report = 1; report < arguments.length; report++) {
                int each = Integer.parseInt(arguments[report]) / THREADS;
                List<Callable<Void>> work = IntStream.range(0, THREADS)
                        .<Callable<Void>>mapToObj(thread -> () -> {
                            for (int i = 0; i < each; i++) {
                                int which = (thread + i) % requests.size();
                                requireSameBits(
                                        first.get(which), requests.get(which).contributions(explainer));
                            }
                            return null;
                        })
                        .toList();
                for (Future<Void> done : threads.invokeAll(new ArrayList<>(work))) {
                    done.get();
                }
                MemoryUse use = device.memory();
                System.out.println(resident() + " " + use.live() + " " + use.reserved() + " " + use.tensors());
            }
        }
    }

    private static void requireSameBits(float[] expected, float[] found) {
        for (int i = 0; i < expected.length; i++) {
            if (expected.length != found.length
                    || Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(found[i])) {
                throw new AssertionError("contribution " + i + " was " + expected[i] + " and now is " + found[i]);
            }
        }
    }

    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}

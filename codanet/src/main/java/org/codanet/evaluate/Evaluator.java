package org.codanet.evaluate;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.KeptSteps;
import org.codanet.model.MemoryPlan;
import org.codanet.model.NetInput;
import org.codanet.model.NetPass;
import org.codanet.model.NetStep;
import org.codanet.model.Pieces;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Runs a network over images and scores it. Threads that share the device take turns, batch by batch. The results do not
 * depend on how the images are split.
 */
public final class Evaluator {
    private final CodaNet net;
    private final long memoryBudget;
    private final Pieces pieces;

    /**
     * An evaluator of a network.
     *
     * @param memoryBudget native bytes that a pass must keep to by taking fewer images at a time; 0 sets no bound
     */
    public Evaluator(CodaNet net, long memoryBudget) {
        this.net = net;
        this.memoryBudget = memoryBudget;
        this.pieces = new Pieces(net.device(), "evaluation");
    }

    /** The scores over one epoch of a source. @throws IllegalStateException if it holds no image */
    public Evaluation evaluate(BatchSource source) {
        return evaluate(source, () -> false).orElseThrow();
    }

    /**
     * The scores over one epoch of a source; empty if it was stopped on the way.
     *
     * @param stop asked before each batch
     * @throws IllegalStateException if the source holds no image
     */
    public Optional<Evaluation> evaluate(BatchSource source, BooleanSupplier stop) {
        EvaluationSums sums = new EvaluationSums(net.loss(), net.config().numClasses());
        try (BatchSource.Batches batches = source.batches(1, 0)) {
            while (batches.hasNext()) {
                if (stop.getAsBoolean()) {
                    return Optional.empty();
                }
                BatchSource.Batch batch = batches.next();
                float[] logits = logits(batch.images());
                for (int n = 0; n < batch.count(); n++) {
                    sums.add(logits, n, batch.labels().get(n));
                }
            }
        }
        return Optional.of(sums.result());
    }

    /**
     * The logits (N, K) of images (N, C, H, W) in [0, 1].
     *
     * @throws IllegalArgumentException if the images do not fit the network
     */
    public float[] logits(float[] images, Shape shape) {
        return logits(new RawImages.Floats(images, shape));
    }

    /**
     * The logits (N, K) of images.
     *
     * @throws IllegalArgumentException if the images do not fit the network
     */
    public float[] logits(RawImages images) {
        synchronized (net.device()) {
            int n = images.count();
            Shape shape = images.shape();
            int atOnce = MemoryPlan.largestBatch(
                    net, MemoryPlan.Work.inference(1, shape.extent(2), shape.extent(3)), memoryBudget, n);
            int classes = net.config().numClasses();
            float[] all = new float[n * classes];
            pieces.run(n, atOnce, (first, count) -> {
                float[] logits = pass(images.part(first, count));
                System.arraycopy(logits, 0, all, first * classes, logits.length);
            });
            return all;
        }
    }

    private float[] pass(RawImages images) {
        KeptSteps steps = net.steps();
        Key key = new Key(images.form());
        return memoryBudget > 0
                ? steps.useAlone(key, owner -> new Pass(net, images.form(), owner), pass -> pass.run(images))
                : steps.use(key, owner -> new Pass(net, images.form(), owner), pass -> pass.run(images));
    }

    /** What a pass is kept under. */
    private record Key(RawImages.Form images) {
        @Override
        public String toString() {
            return "evaluate " + images;
        }
    }

    /** Images in, logits out, for one form of images. */
    private static final class Pass {
        private final CodaNet net;
        private final NetInput images;
        private final Tensor logits;
        private final NetStep step;

        Pass(CodaNet net, RawImages.Form form, Scope scope) {
            Device device = net.device();
            this.net = net;
            this.images = new NetInput(net, form, scope);
            this.logits = device.allocate(
                    scope, Shape.of(form.shape().extent(0), net.config().numClasses()));
            this.step = new NetStep(device, scope, () -> {
                try (Scope own = scope.child("pass")) {
                    NetPass pass = net.forward(images.write(own), Purpose.INFERENCE, own);
                    device.elementwise().copy(pass.logits(), logits);
                }
            });
        }

        float[] run(RawImages values) {
            images.upload(values);
            net.prepare(Purpose.INFERENCE);
            step.run();
            float[] result = new float[Math.toIntExact(logits.shape().elements())];
            net.device().download(logits, result);
            return result;
        }
    }
}

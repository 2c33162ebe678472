package org.codanet.evaluate;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.model.Network;
import org.codanet.nn.tensor.Shape;
import org.codanet.run.BufferLayout;
import org.codanet.run.HostBuffers;
import org.codanet.run.LogitsPass;
import org.codanet.run.MemoryPlan;
import org.codanet.run.MicroBatches;
import org.codanet.run.PassCache;

/**
 * Computes the logits of images, and compares them with the labels. Thread-safe: calls are serialised on the device, batch by batch. The
 * results do not depend on how the images are split into micro-batches.
 */
public final class Evaluator {
    private final Network net;
    private final long memoryBudget;
    private final MicroBatches microBatches;

    /**
     * An evaluator of a network.
     *
     * @param memoryBudget the largest number of bytes of native memory to use, including the network's weights; images are split into
     *     passes that fit; 0 for no limit
     */
    public Evaluator(Network net, long memoryBudget) {
        this.net = net;
        this.memoryBudget = memoryBudget;
        this.microBatches = new MicroBatches(net.device(), "evaluation");
    }

    /** Evaluates all images of a source. @throws IllegalStateException if it has no image */
    public Evaluation evaluate(BatchSource source) {
        return evaluate(source, () -> false).orElseThrow();
    }

    /**
     * Evaluates all images of a source. The result is empty if {@code stop} ended the evaluation early.
     *
     * @param stop asked before each batch whether to stop
     * @throws IllegalStateException if the source has no image
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
            LogitsPass pass = new LogitsPass(images.form());
            int atOnce = MemoryPlan.largestBatch(net, pass, memoryBudget, images.count());
            int classes = net.config().numClasses();
            float[] all = new float[images.count() * classes];
            microBatches.run(images.count(), atOnce, (first, count) -> {
                float[] logits = pass(pass.withImages(count), images.part(first, count));
                System.arraycopy(logits, 0, all, first * classes, logits.length);
            });
            return all;
        }
    }

    private float[] pass(LogitsPass pass, RawImages images) {
        PassCache passes = PassCache.of(net);
        HostBuffers none = new HostBuffers(BufferLayout.EMPTY);
        HostBuffers results = memoryBudget > 0 ? passes.runAlone(pass, images, none) : passes.run(pass, images, none);
        return results.get(LogitsPass.LOGITS);
    }
}

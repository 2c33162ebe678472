package org.codanet.measure;

import java.util.List;
import java.util.stream.IntStream;
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

/**
 * Measures how many images per second a network processes, from images on the heap to results on the heap.
 *
 * <p>The images are synthetic and the same in every run. {@link Task#TRAIN} changes the network's weights. To compare peak memory, use a
 * new device for each measurement.
 */
public final class Throughput {
    private static final double LEARNING_RATE = 2.5e-4;

    private final CodaNet net;
    private final int height;
    private final int width;
    private final long memoryBudget;

    /**
     * Prepares measurements of a network.
     *
     * @param net the network, which the caller closes
     * @param height rows of an image
     * @param width columns of an image
     * @param memoryBudget the largest number of bytes of native memory to use, as in {@link Explainer} and {@link Evaluator}; 0 for no
     *     limit
     */
    public Throughput(CodaNet net, int height, int width, long memoryBudget) {
        this.net = net;
        this.height = height;
        this.width = width;
        this.memoryBudget = memoryBudget;
    }

    /**
     * Measures one task. The call takes about twice {@code seconds}: a warm-up of that length, then the measurement.
     *
     * @param batch images per call, at least 1
     * @param seconds duration of the measurement, without the warm-up
     */
    public Measurement measure(Task task, int batch, double seconds) {
        Device device = net.device();
        try (Scope scope = Scope.open("measure")) {
            Runnable work = work(task, batch, scope);
            device.resetPeakMemory();
            Timing timing = Timing.of(
                    () -> {
                        work.run();
                        device.synchronize();
                    },
                    seconds);
            return new Measurement(
                    task, batch, timing, multiplyAdds(task), device.memory().peak());
        }
    }

    private Runnable work(Task task, int batch, Scope scope) {
        Shape shape = Shape.of(batch, net.config().imageChannels(), height, width);
        float[] images = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < images.length; i++) {
            images[i] = (i * 7919L % 1009) / 1008f;
        }
        return switch (task) {
            case FORWARD -> {
                Evaluator evaluator = new Evaluator(net, memoryBudget);
                yield () -> evaluator.logits(images, shape);
            }
            case EXPLAIN, EXPLAIN_ALL -> {
                Explainer explainer = new Explainer(net, memoryBudget);
                ImageBatch input = ImageBatch.of(images, batch, shape.extent(1), height, width);
                Target target = task == Task.EXPLAIN ? Target.predicted() : Target.all();
                yield () -> explainer.explain(input, target);
            }
            case TRAIN -> {
                TrainingRecipe recipe =
                        TrainingRecipe.of(net.loss(), 1, batch, new LearningRate.Constant(LEARNING_RATE));
                TrainingStep step = scope.register(new TrainingStep(net, recipe, scope, memoryBudget));
                List<Integer> labels = IntStream.range(0, batch)
                        .mapToObj(i -> i % net.config().numClasses())
                        .toList();
                yield () -> {
                    step.accumulate(images, shape, labels, 0);
                    step.update(LEARNING_RATE);
                };
            }
        };
    }

    private long multiplyAdds(Task task) {
        WorkCount count = new WorkCount(net.config(), height, width);
        return switch (task) {
            case FORWARD -> count.forward();
            case EXPLAIN -> count.explanation(1);
            case EXPLAIN_ALL -> count.explanation(net.config().numClasses());
            case TRAIN -> count.training();
        };
    }
}

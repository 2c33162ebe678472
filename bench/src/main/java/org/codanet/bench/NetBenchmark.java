package org.codanet.bench;

import java.util.List;
import java.util.stream.IntStream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.TrainingStep;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * A whole network, from images on the heap to results on the heap. The command {@code codanet bench} measures the same tasks, and
 * also the memory and the peak rate of the machine. This benchmark adds the statistics and profilers of JMH.
 */
public class NetBenchmark extends OnDevice {
    private static final double RATE = 2.5e-4;

    /** Name of an experiment. */
    @Param("9L-S-CoDA-SQ-1000")
    public String network;

    /** Batch size. */
    @Param({"1", "16"})
    public int batch;

    private float[] images;
    private Shape shape;
    private List<Integer> labels;
    private ImageBatch input;
    private CodaNet net;
    private Evaluator evaluator;
    private Explainer explainer;
    private TrainingStep step;

    @Override
    protected void prepare(Device on, Scope owner) {
        Experiment experiment = Experiments.named(network);
        int channels = experiment.network().imageChannels();
        int height = experiment.preprocessing().height();
        int width = experiment.preprocessing().width();
        shape = Shape.of(batch, channels, height, width);
        images = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < images.length; i++) {
            images[i] = (i * 7919L % 1009) / 1008f;
        }
        input = ImageBatch.of(images, batch, channels, height, width);
        labels = IntStream.range(0, batch)
                .mapToObj(i -> i % experiment.network().numClasses())
                .toList();
        net = owner.register(CodaNet.create(
                experiment.network().requireCodaNet(), experiment.recipe().loss(), on, owner, 1));
        evaluator = new Evaluator(net, 0);
        explainer = new Explainer(net);
        TrainingRecipe recipe =
                TrainingRecipe.of(experiment.recipe().loss(), 1, batch, new LearningRate.Constant(RATE));
        step = owner.register(new TrainingStep(net, recipe, owner, 0));
    }

    /** The logits. */
    @Benchmark
    public float[] forward() {
        return evaluator.logits(images, shape);
    }

    /** The contributions to the highest logit of each image. */
    @Benchmark
    public Explanation explain() {
        return explainer.explain(input, Target.predicted());
    }

    /** The contributions to every logit of each image. */
    @Benchmark
    public Explanation explainAll() {
        return explainer.explain(input, Target.all());
    }

    /** A forward pass, a backward pass and an update of all parameters. {@return the norm of the gradient} */
    @Benchmark
    public double train() {
        step.accumulate(images, shape, labels, 0);
        double norm = step.update(RATE);
        device().synchronize();
        return norm;
    }
}

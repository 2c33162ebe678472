package org.codanet.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.batch.RawImages;
import org.codanet.data.dataset.MemoryImages;
import org.codanet.evaluate.Evaluator;
import org.codanet.model.CodaNet;
import org.codanet.model.Preprocessing;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.train.DatasetSource;
import org.codanet.train.TrainingStep;

/** Training of a toy network on images that are stored as bytes and augmented on the device. */
public final class AugmentedTraining {
    private static final int STORED_SIZE = 9;
    private static final int IMAGES = 15;

    private AugmentedTraining() {}

    /** Crop, flip, and this number of RandAugment operations for each image. */
    public static TrainingRecipe recipe(int operations) {
        return TrainingRecipe.of(LossKind.BCE, 3, 4, new LearningRate.Constant(2e-3)).toBuilder()
                .augmentation(new AugmentationRecipe(true, 0, Toys.SIZE, 2, operations, 20))
                .build();
    }

    /** Batches of 4, 4, 4 and 3 images in bytes. */
    public static BatchSource images(TrainingRecipe recipe) {
        byte[] pixels = new byte[IMAGES * 3 * STORED_SIZE * STORED_SIZE];
        new Random(5).nextBytes(pixels);
        int[] labels = IntStream.range(0, IMAGES).map(i -> i % 3).toArray();
        MemoryImages data =
                MemoryImages.of("bytes", List.of("red", "green", "blue"), 3, STORED_SIZE, STORED_SIZE, pixels, labels);
        return DatasetSource.training(data, new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0), recipe, 3, 1);
    }

    /** The same images in float32: divided by 255, cropped and flipped on the host. */
    public static RawImages inFloats(RawImages images) {
        return new RawImages.Floats(images.values(), images.steps(), images.shape());
    }

    /**
     * Trains for three epochs with an update after each batch.
     *
     * @param inFloats whether the images go to the device as float32 values instead of bytes
     * @return the losses, the logits of the last batch of each epoch, and the weights at the end
     */
    public static List<float[]> train(CodaNet net, TrainingRecipe recipe, boolean inFloats) {
        BatchSource source = images(recipe);
        List<float[]> results = new ArrayList<>();
        try (Scope scope = Scope.open("train");
                TrainingStep step = new TrainingStep(net, recipe, scope, 0)) {
            for (int epoch = 1; epoch <= 3; epoch++) {
                try (BatchSource.Batches batches = source.batches(epoch, 0)) {
                    while (batches.hasNext()) {
                        BatchSource.Batch batch = batches.next();
                        RawImages images = inFloats ? inFloats(batch.images()) : batch.images();
                        TrainingStep.Outcome outcome = step.accumulate(images, batch.labels(), 1);
                        results.add(new float[] {(float) outcome.loss()});
                        step.update(2e-3);
                        if (!batches.hasNext()) {
                            results.add(new Evaluator(net, 0).logits(images));
                        }
                    }
                }
            }
        }
        for (Parameter parameter : net.parameters()) {
            results.add(TestDevices.values(net.device(), parameter.value()));
        }
        return results;
    }
}

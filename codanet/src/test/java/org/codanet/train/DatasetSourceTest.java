package org.codanet.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.codanet.data.batch.BatchSource;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.MemoryImages;
import org.codanet.model.Preprocessing;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class DatasetSourceTest {
    private static final Preprocessing SIX = new Preprocessing(1, 6, 6, 0);

    private static ImageDataset data(int... labels) {
        byte[] pixels = new byte[labels.length * 36];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 37);
        }
        return MemoryImages.of("numbers", List.of("a", "b", "c"), 1, 6, 6, pixels, labels);
    }

    private static TrainingRecipe recipe(AugmentationRecipe augmentation) {
        return TrainingRecipe.of(LossKind.BCE, 1, 2, new LearningRate.Constant(1e-3)).toBuilder()
                .augmentation(augmentation)
                .build();
    }

    @Test
    void evaluationDoesNotChangeTheImages() {
        ImageDataset data = data(2, 1, 0);
        DatasetSource source = DatasetSource.evaluation(data, SIX, 2, 1);
        assertEquals(3, source.images());
        try (BatchSource.Batches batches = source.batches(1, 1)) {
            BatchSource.Batch batch = batches.next();
            assertEquals(Shape.of(1, 1, 6, 6), batch.images().shape());
            assertEquals(List.of(0), batch.labels());
            assertEquals(36, batch.images().values().length);
            assertFalse(batches.hasNext());
        }
    }

    @Test
    void epochAndSeedDecideTheAugmentation() {
        AugmentationRecipe varied = new AugmentationRecipe(true, 8, 6, 2, 1, 10);
        float[] first = firstBatch(1, 1, varied);
        assertArrayEquals(first, firstBatch(1, 1, varied));
        assertNotEquals(Arrays.hashCode(first), Arrays.hashCode(firstBatch(1, 2, varied)));
        assertNotEquals(Arrays.hashCode(first), Arrays.hashCode(firstBatch(2, 1, varied)));
    }

    private static float[] firstBatch(long seed, int epoch, AugmentationRecipe augmentation) {
        DatasetSource source = DatasetSource.training(data(0, 1, 2, 0), SIX, recipe(augmentation), seed, 2);
        try (BatchSource.Batches batches = source.batches(epoch, 0)) {
            return batches.next().images().values().clone();
        }
    }

    private static DatasetSource training(AugmentationRecipe augmentation, Preprocessing preprocessing) {
        return DatasetSource.training(data(0, 1), preprocessing, recipe(augmentation), 1, 1);
    }

    private static void refused(String words, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(words), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void anAugmentationThatDoesNotFitIsRefusedBeforeAnImageIsRead() {
        refused(
                "crop is 5, the network reads 6 x 6",
                () -> training(new AugmentationRecipe(false, 0, 5, 0, 0, 0), SIX));
        Preprocessing eight = new Preprocessing(1, 8, 8, 0);
        refused(
                "8 x 8 pixels cannot be cut out of numbers, whose images are 6 x 6 with crop_padding 0",
                () -> training(new AugmentationRecipe(false, 0, 8, 0, 0, 0), eight));
        refused(
                "whose shorter side is resized to 5 with crop_padding 1",
                () -> training(new AugmentationRecipe(false, 5, 8, 1, 0, 0), eight));
        refused(
                "whose shorter side is resized to 7",
                () -> training(new AugmentationRecipe(false, 7, 0, 0, 0, 0), eight));
        for (AugmentationRecipe fits : List.of(
                new AugmentationRecipe(false, 0, 8, 1, 0, 0),
                new AugmentationRecipe(false, 6, 8, 1, 0, 0),
                new AugmentationRecipe(false, 8, 8, 0, 0, 0),
                new AugmentationRecipe(false, 9, 0, 0, 0, 0))) {
            try (BatchSource.Batches batches = training(fits, eight).batches(1, 0)) {
                assertEquals(Shape.of(2, 1, 8, 8), batches.next().images().shape());
            }
        }
    }

    @Test
    void dataWithOtherLabelsHaveAnotherDescription() {
        String one = DatasetSource.evaluation(data(0, 1), SIX, 1, 1).description();
        assertNotEquals(one, DatasetSource.evaluation(data(1, 0), SIX, 1, 1).description());
        assertEquals(one, DatasetSource.evaluation(data(0, 1), SIX, 2, 2).description());
    }

    @Test
    void imagesThatTheNetworkCannotReadAreRefused() {
        Preprocessing five = new Preprocessing(1, 5, 5, 0);
        refused("6 x 6 pixels, the network reads 5 x 5", () -> DatasetSource.evaluation(data(0), five, 1, 1));
        refused("6 x 6 pixels, the network reads 5 x 5", () -> training(AugmentationRecipe.NONE, five));
        ImageDataset unlabelled = MemoryImages.of("x", List.of(), 1, 6, 6, new byte[36], new int[0]);
        assertThrows(IllegalArgumentException.class, () -> DatasetSource.evaluation(unlabelled, SIX, 1, 1));
        // Resizing and cropping make any image fit.
        try (BatchSource.Batches batches = DatasetSource.evaluation(data(0), new Preprocessing(3, 4, 4, 5), 1, 1)
                .batches(1, 0)) {
            assertEquals(Shape.of(1, 3, 4, 4), batches.next().images().shape());
        }
    }
}

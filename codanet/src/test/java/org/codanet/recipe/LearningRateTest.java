package org.codanet.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import org.codanet.bindings.testing.Skip;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.junit.jupiter.api.Test;

class LearningRateTest {
    private static final LearningRate.WarmUpThenHalve IMAGENET = new LearningRate.WarmUpThenHalve(2.5e-4, 1e-3, 15, 20);

    @Test
    void theAuthorsScheduleRisesThenHalves() {
        assertEquals(2.5e-4, IMAGENET.at(0, 0, 1));
        assertEquals(1e-3, IMAGENET.at(14, 0, 1));
        assertEquals(1e-3, IMAGENET.at(19, 0, 1));
        assertEquals(5e-4, IMAGENET.at(20, 0, 1));
        assertEquals(1.25e-4, IMAGENET.at(60, 0, 1));
    }

    @Test
    void stepsDivideAfterEveryThirtyEpochs() {
        LearningRate steps = new LearningRate.StepDecay(2.5e-4, 1.5, 30);
        assertEquals(2.5e-4, steps.at(29, 0, 1));
        assertEquals(2.5e-4 / 1.5, steps.at(30, 0, 1), 1e-19);
        assertEquals(2.5e-4 / Math.pow(1.5, 6), steps.at(199, 0, 1), 1e-19);
    }

    /** 2.5e-4 halved every 10 epochs, but not below 4e-5: the values of simple_decay with min_lr 4e-5. */
    @Test
    void aStepDecayDoesNotFallBelowItsFloor() {
        LearningRate decay = new LearningRate.StepDecay(2.5e-4, 2, 10, 4e-5);
        double[] expected = {2.5e-4, 1.25e-4, 6.25e-5, 4e-5, 4e-5};
        for (int epoch = 0; epoch < 50; epoch++) {
            assertEquals(expected[epoch / 10], decay.at(epoch, 0, 1), 1e-19, "epoch " + epoch);
        }
        assertEquals(3e-4, new LearningRate.StepDecay(2.5e-4, 2, 10, 3e-4).at(0, 0, 1), "max(min_lr, base_lr)");
    }

    @Test
    void onlySomeSchedulesHaveAFloor() {
        assertEquals(new LearningRate.StepDecay(1, 2, 3, 0.5), new LearningRate.StepDecay(1, 2, 3).withFloor(0.5));
        assertEquals(new LearningRate.Cosine(1, 0.5, 0, 4), new LearningRate.Cosine(1, 0, 0, 4).withFloor(0.5));
        assertEquals(
                "learning rate: the schedule warm_up_then_halve has no lowest rate; steps and cosine have one",
                assertThrows(IllegalArgumentException.class, () -> IMAGENET.withFloor(1e-5))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.Constant(1).withFloor(1e-5));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.StepDecay(1, 2, 3, -1));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.StepDecay(1, 2, 3, Double.NaN));
    }

    @Test
    void theCosineRisesFromAboveZeroToThePeakAndFallsToTheFloor() {
        LearningRate cosine = new LearningRate.Cosine(1, 0.1, 0.5, 4);
        double before = 0;
        for (int step = 0; step < 5; step++) {
            double rate = cosine.at(0, step, 10);
            assertTrue(rate > before && rate < 1, "step " + step + ": " + rate);
            before = rate;
        }
        assertEquals(1, cosine.at(0, 5, 10));
        assertEquals(0.55, cosine.at(2, 22, 10), 0.05);
        assertEquals(0.1, cosine.at(4, 40, 10), 1e-15);
        assertEquals(0.1, cosine.at(9, 99, 10), 1e-15);
        assertEquals(new LearningRate.Cosine(1, 0.1, 1, 8), cosine.forEpochs(8));
    }

    @Test
    void wrongNumbersAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.Constant(0));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.Constant(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.StepDecay(1, 1.5, 0));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.WarmUpThenHalve(1, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.Cosine(1, 2, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new LearningRate.Cosine(1, 0, 1, 1));
    }

    @Test
    void theAuthorsCodeGivesTheSameRates() {
        List<GoldenFile> files =
                GoldenFolder.matching(file -> file.has("schedule_simple_decay")).toList();
        Skip.unless(!files.isEmpty(), GoldenFolder.whySkipped());
        for (GoldenFile file : files) {
            JsonObject schedule = file.config().getAsJsonObject("schedule");
            agree(
                    file,
                    "schedule_simple_decay",
                    new LearningRate.StepDecay(
                            schedule.get("base_lr").getAsDouble(),
                            schedule.get("decay_factor").getAsDouble(),
                            schedule.get("lr_steps").getAsInt(),
                            Math.max(0, schedule.get("min_lr").getAsDouble())));
            agree(file, "schedule_imagenet_warmup", IMAGENET);
            agree(file, "schedule_imagenet_list", IMAGENET);
        }
    }

    /** Both sides compute a few operations in double, so they may differ by a few rounding errors. */
    private static void agree(GoldenFile file, String name, LearningRate schedule) {
        double[] expected = file.doubles(name);
        for (int epoch = 0; epoch < expected.length; epoch++) {
            assertEquals(
                    expected[epoch],
                    schedule.at(epoch, 0, 1),
                    1e-14 * expected[epoch],
                    file.path() + " " + name + " epoch " + epoch);
        }
    }
}

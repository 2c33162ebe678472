package org.codanet.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.codanet.nn.op.LossKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TrainingRecipeTest {
    static Stream<LearningRate> schedules() {
        return Stream.of(
                new LearningRate.Constant(1e-3),
                new LearningRate.StepDecay(2.5e-4, 1.5, 30),
                new LearningRate.StepDecay(2.5e-4, 1.5, 30, 1e-5),
                new LearningRate.WarmUpThenHalve(2.5e-4, 1e-3, 15, 20),
                new LearningRate.Cosine(1.5e-3, 1e-5, 0.25, 30));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void jsonGivesTheRecipeAndBack(LearningRate schedule) {
        TrainingRecipe recipe = new TrainingRecipe(
                LossKind.CE,
                30,
                4,
                64,
                Accumulation.AUTHORS,
                schedule,
                new Optimiser(0.8, 0.99, 1e-7, 1e-4, 1),
                0.25,
                new AugmentationRecipe(true, 256, 240, 4, 2, 10));
        assertEquals(recipe, TrainingRecipe.fromJson(recipe.toJson()));
    }

    @Test
    void moreEpochsStretchTheSchedule() {
        TrainingRecipe recipe = TrainingRecipe.of(LossKind.BCE, 30, 8, new LearningRate.Cosine(1.5e-3, 1e-5, 0.5, 30));
        assertEquals(
                new LearningRate.Cosine(1.5e-3, 1e-5, 1, 60),
                recipe.toBuilder().epochs(60).build().learningRate());
        assertEquals(recipe, recipe.toBuilder().epochs(30).build());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            "epochs": 30       | "epochs": 0         | epochs is 0, it must be at least 1
            "micro_batch": 8   | "micro_batch": 0    | micro_batch is 0
            "virtual_batch": 8 | "virtual_batch": 7  | virtual_batch is 7, less than micro_batch 8
            "virtual_batch": 8 | "virtual_batch": 20 | virtual_batch is 20, no multiple of micro_batch 8
            "beta1": 0.9       | "beta1": 1          | beta1 is 1.0
            "lambda": 0.0      | "lambda": -1        | lambda is -1.0
            "BCE"              | "MSE"               | loss is "MSE", not one of [BCE, CE]
            "constant"         | "linear"            | unknown learning rate linear
            "rate": 0.001      | "rate": 0           | rate is 0.0, it must be above 0
            "flip": false      | "flip": 1           | flip is 1, not true or false
            "crop": 0          | "crop": -1          | crop -1
            "rand_augment_magnitude": 0 | "rand_augment_magnitude": 31 | rand_augment_magnitude is 31, it must be 0 to 30
            "flip": false,     | "flop": 1, "flip": true, | unknown flop
            "lambda"           | "lamda"             | lambda is missing
            """)
    void wrongRecipesAreRefusedWithOneSentence(String from, String to, String reason) {
        String json = TrainingRecipe.of(LossKind.BCE, 30, 8, new LearningRate.Constant(1e-3))
                .toJson();
        assertTrue(json.contains(from), json);
        String message = assertThrows(
                        IllegalArgumentException.class, () -> TrainingRecipe.fromJson(json.replaceFirst(from, to)))
                .getMessage();
        assertTrue(message.contains(reason), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void aCropThatMayMissTheImageIsRefused() {
        String message = assertThrows(
                        IllegalArgumentException.class, () -> new AugmentationRecipe(false, 0, 32, 32, 0, 0))
                .getMessage();
        assertTrue(message.contains("crop_padding is 32"), message);
        assertEquals(31, new AugmentationRecipe(false, 0, 32, 31, 0, 0).cropPadding());
    }
}

package org.codanet.recipe;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.List;
import org.codanet.json.JsonFields;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.LearningRate.Constant;
import org.codanet.recipe.LearningRate.Cosine;
import org.codanet.recipe.LearningRate.StepDecay;
import org.codanet.recipe.LearningRate.WarmUpThenHalve;

/** The JSON form of a {@link TrainingRecipe}. The optimiser's settings are fields of the recipe itself. */
final class RecipeJson {
    private RecipeJson() {}

    static String write(TrainingRecipe recipe) {
        JsonObject json = new JsonObject();
        json.addProperty("loss", recipe.loss().name());
        json.addProperty("epochs", recipe.epochs());
        json.addProperty("micro_batch", recipe.microBatch());
        json.addProperty("virtual_batch", recipe.virtualBatch());
        json.addProperty("accumulation", recipe.accumulation().name());
        json.add("learning_rate", write(recipe.learningRate()));
        json.addProperty("beta1", recipe.optimiser().beta1());
        json.addProperty("beta2", recipe.optimiser().beta2());
        json.addProperty("epsilon", recipe.optimiser().epsilon());
        json.addProperty("weight_decay", recipe.optimiser().weightDecay());
        json.addProperty("max_norm", recipe.optimiser().maxNorm());
        json.addProperty("lambda", recipe.lambda());
        json.add("augmentation", write(recipe.augmentation()));
        if (!recipe.classWeights().isEmpty()) {
            JsonArray weights = new JsonArray();
            recipe.classWeights().forEach(weights::add);
            json.add("class_weights", weights);
        }
        return new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .create()
                .toJson(json);
    }

    private static JsonObject write(LearningRate schedule) {
        JsonObject json = new JsonObject();
        switch (schedule) {
            case Constant(double rate) -> {
                json.addProperty("kind", "constant");
                json.addProperty("rate", rate);
            }
            case StepDecay(double rate, double factor, int every, double floor) -> {
                json.addProperty("kind", "steps");
                json.addProperty("rate", rate);
                json.addProperty("factor", factor);
                json.addProperty("every", every);
                if (floor > 0) {
                    json.addProperty("floor", floor);
                }
            }
            case WarmUpThenHalve(double from, double peak, int warmUpEpochs, int halveEvery) -> {
                json.addProperty("kind", "warm_up_then_halve");
                json.addProperty("from", from);
                json.addProperty("peak", peak);
                json.addProperty("warm_up_epochs", warmUpEpochs);
                json.addProperty("halve_every", halveEvery);
            }
            case Cosine(double peak, double floor, double warmUpEpochs, int epochs) -> {
                json.addProperty("kind", "cosine");
                json.addProperty("peak", peak);
                json.addProperty("floor", floor);
                json.addProperty("warm_up_epochs", warmUpEpochs);
                json.addProperty("epochs", epochs);
            }
        }
        return json;
    }

    private static JsonObject write(AugmentationRecipe augmentation) {
        JsonObject json = new JsonObject();
        json.addProperty("flip", augmentation.flip());
        json.addProperty("resize", augmentation.resize());
        json.addProperty("crop", augmentation.crop());
        json.addProperty("crop_padding", augmentation.cropPadding());
        json.addProperty("rand_augment_operations", augmentation.randAugmentOperations());
        json.addProperty("rand_augment_magnitude", augmentation.randAugmentMagnitude());
        return json;
    }

    static TrainingRecipe read(String text) {
        JsonFields fields = JsonFields.parse("training recipe", text);
        TrainingRecipe recipe = new TrainingRecipe(
                constant("loss", LossKind.values(), fields.text("loss")),
                fields.integer("epochs"),
                fields.integer("micro_batch"),
                fields.integer("virtual_batch"),
                constant("accumulation", Accumulation.values(), fields.text("accumulation")),
                learningRate(fields.object("learning_rate")),
                new Optimiser(
                        fields.number("beta1"),
                        fields.number("beta2"),
                        fields.number("epsilon"),
                        fields.number("weight_decay"),
                        fields.number("max_norm")),
                fields.number("lambda"),
                augmentation(fields.object("augmentation")),
                fields.has("class_weights") ? fields.numbers("class_weights") : List.of());
        fields.finish();
        return recipe;
    }

    private static LearningRate learningRate(JsonFields fields) {
        String kind = fields.text("kind");
        LearningRate rate = switch (kind) {
            case "constant" -> new Constant(fields.number("rate"));
            case "steps" ->
                new StepDecay(
                        fields.number("rate"),
                        fields.number("factor"),
                        fields.integer("every"),
                        fields.has("floor") ? fields.number("floor") : 0);
            case "warm_up_then_halve" ->
                new WarmUpThenHalve(
                        fields.number("from"),
                        fields.number("peak"),
                        fields.integer("warm_up_epochs"),
                        fields.integer("halve_every"));
            case "cosine" ->
                new Cosine(
                        fields.number("peak"),
                        fields.number("floor"),
                        fields.number("warm_up_epochs"),
                        fields.integer("epochs"));
            default -> throw new IllegalArgumentException("training recipe: unknown learning rate " + kind);
        };
        fields.finish();
        return rate;
    }

    private static AugmentationRecipe augmentation(JsonFields fields) {
        AugmentationRecipe augmentation = new AugmentationRecipe(
                fields.truth("flip"),
                fields.integer("resize"),
                fields.integer("crop"),
                fields.integer("crop_padding"),
                fields.integer("rand_augment_operations"),
                fields.integer("rand_augment_magnitude"));
        fields.finish();
        return augmentation;
    }

    private static <E extends Enum<E>> E constant(String field, E[] values, String name) {
        for (E value : values) {
            if (value.name().equals(name)) {
                return value;
            }
        }
        throw new IllegalArgumentException(
                "training recipe: " + field + " is \"" + name + "\", not one of " + Arrays.toString(values));
    }
}

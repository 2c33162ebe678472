package org.codanet.report;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Preprocessing;
import org.codanet.nn.op.LossKind;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.junit.jupiter.api.Test;

final class ModelCardTest {
    private static final CodaNetConfig CONFIG = CodaNetConfig.builder(6)
            .layer(5, 4, 3, 1, 1)
            .layer(2, 3, 3, 2, 1)
            .labels(List.of("cat", "<b>|*dog*\n"))
            .build();

    @Test
    void holdsWhatTheModelFileRecords() {
        String card = new ModelCard(
                        "net.safetensors",
                        CONFIG,
                        Optional.of(new Preprocessing(3, 24, 32, 0)),
                        Optional.of(TrainingRecipe.of(LossKind.BCE, 7, 10, new LearningRate.Constant(1e-3))),
                        Map.of("top1", 0.875))
                .markdown();
        for (String part : List.of(
                "# net.safetensors\n",
                "| Layers | 2 |",
                "| Weights | " + String.format(java.util.Locale.ROOT, "%,d", CONFIG.parameters()) + " |",
                "24 x 32 pixels, colour",
                "| top1 | 0.8750 |",
                "| 0 | cat |",
                "\"epochs\": 7",
                "| 1 | 5 | 2 | 3 | 3 | 2 | 1 |")) {
            assertTrue(card.contains(part), () -> "'" + part + "' expected in:\n" + card);
        }
    }

    @Test
    void saysWhatIsNotRecorded() {
        String card = new ModelCard("x", CONFIG.withLabels(List.of()), Optional.empty(), Optional.empty(), Map.of())
                .markdown();
        assertTrue(card.contains("None are recorded.") && card.contains("recipe is not recorded"), card);
        assertTrue(card.contains("classes 0 to 1 have no names") && card.contains("training data"), card);
    }

    @Test
    void namesCannotAddMarkup() {
        String card = new ModelCard("x", CONFIG, Optional.empty(), Optional.empty(), Map.of()).markdown();
        assertTrue(card.contains("| 1 | \\<b\\>\\|\\*dog\\*  |"), card);
        assertFalse(card.contains("<b>"), card);
    }
}

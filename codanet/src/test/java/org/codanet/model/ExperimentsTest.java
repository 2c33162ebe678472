package org.codanet.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.recipe.LearningRate;
import org.codanet.recipe.TrainingRecipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExperimentsTest {
    @ParameterizedTest
    @CsvSource({
        "9L-S-CoDA-SQ-10,          SQ, 10,     32, 64,  0",
        "9L-S-CoDA-SQ-10000,       SQ, 10000,  32, 64,  0",
        "9L-S-CoDA-L2-1000,        L2, 1000,   32, 64,  0",
        "9L-S-CoDA-SQ-rank-4,      SQ, 1000,   4,  8,   0",
        "9L-S-CoDA-SQ-rank-144,    SQ, 1000,   144, 288, 0",
        "9L-S-CoDA-SQ-lambda-0.25, SQ, 64,     32, 64,  0.25",
        "9L-L-CoDA-SQ-100000,      SQ, 100000, 64, 256, 0",
    })
    void thePapersExperimentsAreThose(
            String name, Norm norm, double temperature, int firstRank, int lastRank, double lambda) {
        Experiment experiment = Experiments.named(name);
        assertEquals(name, experiment.name());
        CodaNetConfig network = experiment.network().requireCodaNet();
        assertEquals(norm, network.norm());
        assertEquals(temperature, network.temperature());
        assertEquals(firstRank, network.layers().getFirst().rank());
        assertEquals(lastRank, network.layers().getLast().rank());
        assertEquals(lambda, experiment.recipe().lambda());
        assertEquals(9, network.depth());
        assertTrue(network.bias());
    }

    @Test
    void theLayersOfThePapersNetworksHaveThePapersExtents() {
        List<LayerExtent> small = Experiments.named("9L-S-CoDA-SQ-1000")
                .network()
                .requireCodaNet()
                .extents(32, 32);
        assertEquals(new LayerExtent(32, 16, 16), small.get(2));
        assertEquals(new LayerExtent(10, 8, 8), small.getLast());
        List<LayerExtent> large = Experiments.named("9L-L-CoDA-SQ-100000")
                .network()
                .requireCodaNet()
                .extents(240, 240);
        assertEquals(new LayerExtent(16, 80, 80), large.getFirst());
        assertEquals(new LayerExtent(100, 20, 20), large.getLast());
    }

    @ParameterizedTest
    @MethodSource("org.codanet.model.Experiments#names")
    void everyExperimentIsFoundByNameAndSurvivesJson(String name) {
        Experiment experiment = Experiments.named(name.toLowerCase(Locale.ROOT));
        assertEquals(name, experiment.name());
        assertEquals(
                experiment.network(),
                NetworkConfig.fromJson(experiment.network().toJson()));
        assertEquals(
                experiment.recipe(), TrainingRecipe.fromJson(experiment.recipe().toJson()));
    }

    @Test
    void thereAreTwentySevenExperiments() {
        // 7 temperatures, L2, 4 ranks, 5 lambdas, ImageNet; two small ones; 7 ResNets.
        assertEquals(7 + 1 + 4 + 5 + 1 + 2 + 7, Experiments.names().size());
    }

    @Test
    void theRecipeIsThePapers() {
        Experiment small = Experiments.named("9L-S-CoDA-SQ-1000");
        assertEquals(new LearningRate.StepDecay(2.5e-4, 1.5, 30), small.recipe().learningRate());
        assertEquals(
                List.of(8, 16, 200),
                List.of(
                        small.recipe().microBatch(),
                        small.recipe().virtualBatch(),
                        small.recipe().epochs()));
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        String message = assertThrows(IllegalArgumentException.class, () -> Experiments.named("9L"))
                .getMessage();
        assertTrue(message.startsWith("no experiment is called 9L; there are 9L-S-CoDA-SQ-10, "), message);
    }
}

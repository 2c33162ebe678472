package org.codanet.model;

import static org.codanet.testing.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.golden.GoldenFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the contributions of the {@link PaperNets} with the authors' code. */
final class PaperNetExplanationTest {
    @ParameterizedTest
    @MethodSource("org.codanet.model.PaperNets#onEachDevice")
    void contributionsAgreeWithTheAuthorsCode(String deviceName, GoldenFile file) {
        PaperNets.require(file);
        try (Device device = TestDevices.open(deviceName);
                Scope run = Scope.open("golden")) {
            CodaNet net = PaperNets.create(file, device, run);
            int[] classes = Arrays.stream(file.longs("classes"))
                    .mapToInt(Math::toIntExact)
                    .toArray();
            Target target = new Target.Classes(Arrays.stream(classes).boxed().toList());
            Explanation explanation = new Explainer(net).explain(GoldenNetTest.images(file), target);
            float[] contributions = new float[file.tensor("contributions_sum").count()];
            explanation.contributions().get(contributions);
            assertNear("contributions_sum", file.floats("contributions_sum"), contributions, PaperNets.DEEP);
            double[] evidence = new double[explanation.images() * classes.length];
            for (int n = 0; n < explanation.images(); n++) {
                for (int t = 0; t < classes.length; t++) {
                    evidence[n * classes.length + t] = explanation.evidence(n, t);
                }
            }
            assertNear("evidence", file.doubles("evidence"), evidence, PaperNets.DEEP);
            assertTrue(explanation.identityHolds(), "identity");
        }
    }
}

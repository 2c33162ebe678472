package org.codanet.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How the targets of an explanation are grouped, and the inputs and results of the pass. */
final class ExplanationPassTest {
    private static final int CLASSES = 10;

    /** Ranks of 2 and more, because a device may select its algorithm by the rank. */
    private static final CodaNetConfig NETWORK = CodaNetConfig.builder(6)
            .layer(8, 2, 3, 1, 1)
            .layer(12, 4, 3, 2, 1)
            .layer(CLASSES, 9, 1, 1, 0)
            .build();

    private static final RawImages.Form IMAGES = new RawImages.Form(Shape.of(2, 3, 12, 12), null, false, 0);

    static Stream<String> devices() {
        return TestDevices.names().stream();
    }

    private interface Use {
        void with(CodaNet net);
    }

    private static void withNet(String name, Use use) {
        try (Device device = TestDevices.open(name);
                Scope run = Scope.open("test");
                CodaNet net = CodaNet.create(NETWORK, LossKind.BCE, device, run, 3)) {
            use.with(net);
        }
    }

    private static ExplanationPass pass(ExplanationPass.Targets targets, int targetsAtOnce) {
        return new ExplanationPass(IMAGES, 1, true, targets, targetsAtOnce);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void groupsCoverAllTargetsAndNoneIsTooSmallForTheAlgorithmOfTheOthers(String name) {
        withNet(name, net -> {
            int uniform = net.minUniformTargets(CLASSES);
            for (int atOnce = 1; atOnce <= CLASSES; atOnce++) {
                List<ExplanationPass.Group> groups =
                        pass(new ExplanationPass.NamedClasses(CLASSES), atOnce).groups(net);
                int covered = 0;
                for (ExplanationPass.Group group : groups) {
                    assertTrue(group.first() <= covered, groups.toString());
                    assertTrue(group.first() + group.count() > covered, groups.toString());
                    assertTrue(group.count() <= atOnce, groups.toString());
                    assertTrue(group.count() >= Math.min(atOnce, uniform), groups.toString());
                    covered = group.first() + group.count();
                }
                assertEquals(CLASSES, covered);
                assertEquals(Math.ceilDiv(CLASSES, atOnce), groups.size());
            }
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void namedClassesAreAnInputAndTheHighestLogitsAreAResult(String name) {
        withNet(name, net -> {
            ExplanationPass named = pass(new ExplanationPass.NamedClasses(4), 4);
            assertEquals(Shape.of(2, 4), named.inputs(net).shape(ExplanationPass.CLASSES));
            assertEquals(Shape.of(2, CLASSES), named.results(net).shape(ExplanationPass.LOGITS));
            ExplanationPass highest = pass(new ExplanationPass.HighestLogits(4), 4);
            assertEquals(0, highest.inputs(net).elements());
            assertEquals(Shape.of(2, 4), highest.results(net).shape(ExplanationPass.CLASSES));
            // Layer 1 reads the 8 units of layer 0, which have the extents of the image.
            ExplanationPass.Group all = highest.groups(net).getFirst();
            assertEquals(Shape.of(2, 4, 12, 12), highest.results(net).shape(all.positions()));
            assertEquals(Shape.of(2, 4, 8, 12, 12), highest.results(net).shape(all.channels()));
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aUnitIsSelectedBySeedsOnTheOutputOfItsLayer(String name) {
        withNet(name, net -> {
            ExplanationPass unit = pass(new ExplanationPass.UnitActivation(1), 1);
            assertEquals(Shape.of(2, 1, 6, 6, 12), unit.inputs(net).shape(ExplanationPass.SEEDS));
            assertEquals(Shape.of(2, 1), unit.results(net).shape(ExplanationPass.ACTIVATIONS));
            assertEquals(1, unit.groups(net).size());
        });
    }
}

package org.codanet.model;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.golden.GoldenFile;
import org.codanet.golden.GoldenFolder;
import org.codanet.golden.SeededWeights;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The paper's networks at full width with weights from a seed. Their tests take the longest of this package. Explanation and training are
 * tested in two classes, so that two processes can share the work.
 */
final class PaperNets {
    /** Tolerance after nine layers of full width. The authors' code in float32 differs from float64 by up to 7e-6. */
    static final double DEEP = 1e-4;

    private PaperNets() {}

    /** Each device with each network; a single case without a network if there is no folder of golden vectors. */
    static Stream<Arguments> onEachDevice() {
        List<GoldenFile> files = GoldenFolder.ofKind("net_seeded").toList();
        return files.isEmpty() ? Stream.of(Arguments.of("no", null)) : TestDevices.with(files.stream());
    }

    /** The network of a file. */
    static CodaNet create(GoldenFile file, Device device, Scope scope) {
        return CodaNet.of(
                file.network(), LossKind.valueOf(file.text("loss")), SeededWeights.weights(file), device, scope);
    }

    /** Skips the calling test if there is no folder of golden vectors. */
    static void require(GoldenFile file) {
        Skip.unless(file != null, GoldenFolder.whySkipped());
    }
}

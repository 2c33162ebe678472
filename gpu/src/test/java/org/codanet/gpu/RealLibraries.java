package org.codanet.gpu;

import java.io.File;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;

/** NVIDIA's own libraries, in the virtual environments that {@code -Dcodanet.cuda.wheels} names. */
public final class RealLibraries {
    private RealLibraries() {}

    /** The environments. If there is none, the calling test is skipped with a message. */
    public static List<String> environments() {
        List<String> named = Stream.of(
                        System.getProperty("codanet.cuda.wheels", "").split(File.pathSeparator))
                .filter(each -> !each.isBlank())
                .toList();
        Skip.unlessForGpu(
                !named.isEmpty(),
                "the CUDA device against NVIDIA's libraries; -Dcodanet.cuda.wheels=VENV[:VENV...] names virtual"
                        + " environments, which .ci/cuda-wheels makes");
        return named;
    }
}

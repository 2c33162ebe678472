package org.codanet.bindings.testing;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * Skips the calling test if the machine lacks what it needs. A skip is never silent: the reason is printed once on the console and appears
 * in the report.
 */
public final class Skip {
    private static final String REQUIRE = "codanet.requireGpu";
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Skip() {}

    /** Skips unless a requirement that has nothing to do with GPUs is met: a browser, a file, an instruction of the processor. */
    public static void unless(boolean there, String reason) {
        if (!there) {
            throw skipped(reason);
        }
    }

    /**
     * Skips unless a requirement of the tests of the CUDA device is met: a GPU, a compiler, NVIDIA's libraries. With {@code
     * -Dcodanet.requireGpu=true} the test fails instead.
     */
    public static void unlessForGpu(boolean there, String reason) {
        if (!there) {
            if (Boolean.getBoolean(REQUIRE)) {
                throw new AssertionFailedError("-D" + REQUIRE + "=true, but " + reason);
            }
            throw skipped(reason);
        }
    }

    private static TestAbortedException skipped(String reason) {
        if (SAID.add(reason)) {
            System.out.println("SKIPPED: " + reason);
        }
        return new TestAbortedException("SKIPPED: " + reason);
    }
}

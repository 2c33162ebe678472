package org.codanet.bindings.testing;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * Skips the calling test where the machine lacks what it needs, never in silence: the reason stands on the console, once, and
 * in the report.
 */
public final class Skip {
    private static final String REQUIRE = "codanet.requireGpu";
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Skip() {}

    /** Skips unless something is there that has nothing to do with GPUs: a browser, a file, an instruction of the processor. */
    public static void unless(boolean there, String reason) {
        if (!there) {
            throw skipped(reason);
        }
    }

    /**
     * Skips unless something is there that the CUDA device is proven with: a GPU, a compiler, NVIDIA's libraries. With {@code
     * -Dcodanet.requireGpu=true} that is a failure.
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

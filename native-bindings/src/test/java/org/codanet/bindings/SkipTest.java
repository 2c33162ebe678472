package org.codanet.bindings;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

final class SkipTest {
    private static final String REQUIRE = "codanet.requireGpu";

    private final String required = System.getProperty(REQUIRE, "");
    private final PrintStream console = System.out;

    @AfterEach
    void restore() {
        System.setProperty(REQUIRE, required);
        System.setOut(console);
    }

    private static String said(Runnable work) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        work.run();
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void nothingIsSkippedIfTheRequirementIsMet() {
        System.setProperty(REQUIRE, "true");
        assertDoesNotThrow(() -> Skip.unless(true, "there is a browser"));
        assertDoesNotThrow(() -> Skip.unlessForGpu(true, "there is a GPU"));
    }

    @Test
    void theReasonIsPrintedOnce() {
        System.setProperty(REQUIRE, "false");
        String said = said(() -> {
            for (int i = 0; i < 2; i++) {
                TestAbortedException skip =
                        assertThrows(TestAbortedException.class, () -> Skip.unlessForGpu(false, "no GPU, as a test"));
                assertEquals("SKIPPED: no GPU, as a test", skip.getMessage());
            }
        });
        assertEquals("SKIPPED: no GPU, as a test\n", said);
    }

    @Test
    void onlyGpuRequirementsFailTheTestWhereAGpuIsRequired() {
        System.setProperty(REQUIRE, "true");
        AssertionFailedError failure =
                assertThrows(AssertionFailedError.class, () -> Skip.unlessForGpu(false, "there is no wheel"));
        assertTrue(failure.getMessage().contains("there is no wheel"), failure::getMessage);
        String said = said(() ->
                assertThrows(TestAbortedException.class, () -> Skip.unless(false, "there is no browser, as a test")));
        assertEquals("SKIPPED: there is no browser, as a test\n", said);
    }
}

package org.codanet.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.codanet.cli.option.DeviceOption;
import org.codanet.nn.device.DeviceException;
import org.codanet.train.TrainingException;
import org.junit.jupiter.api.Test;

final class FailuresTest {
    private static String sentence(Throwable thrown) {
        return Failures.sentence(thrown, false);
    }

    @Test
    void namesTheFileAndTheReason() {
        assertEquals("no such file: a/b", sentence(new NoSuchFileException("a/b")));
        assertEquals("permission denied: a/b", sentence(new AccessDeniedException("a/b")));
        assertEquals(
                "a/b: No space left on device",
                sentence(new FileSystemException("a/b", null, "No space left on device")));
    }

    @Test
    void printsMessagesOfOwnExceptionsOnOneLine() {
        assertEquals("dnnl: status 3; on cpu", sentence(new DeviceException("dnnl: status 3\n  on cpu")));
        assertEquals("not finite", sentence(new TrainingException("not finite")));
        assertEquals("cut short", sentence(new IOException("cut short")));
    }

    @Test
    void shortensTheReasonForADeviceUnlessVerbose() {
        String reason = "not cuda (no driver. Tried:\n  libcuda.so.1: no such file); not npu (absent)";
        assertEquals("not cuda (no driver); not npu (absent)", DeviceOption.brief(reason, false));
        assertEquals(
                "not cuda (no driver. Tried: libcuda.so.1: no such file); not npu (absent)",
                DeviceOption.brief(reason, true));
        assertEquals("the only kind present", DeviceOption.brief("the only kind present", false));
    }

    @Test
    void distinguishesAFullHeapFromALackOfThreads() {
        String heap = Failures.outOfMemory(new OutOfMemoryError("Java heap space"));
        assertTrue(heap.contains("heap is full") && heap.contains("-Xmx"), heap);
        String threads = Failures.outOfMemory(new OutOfMemoryError("unable to create native thread: possibly ..."));
        assertTrue(threads.contains("--threads") && !threads.contains("heap"), threads);
    }

    @Test
    void callsOtherExceptionsUnexpected() {
        assertEquals(
                "unexpected failure: NullPointerException (--verbose prints the stack trace)",
                sentence(new NullPointerException()));
    }
}

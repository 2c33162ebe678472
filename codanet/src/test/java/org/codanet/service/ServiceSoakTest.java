package org.codanet.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;
import org.codanet.explain.Target;
import org.codanet.nn.device.MemoryUse;
import org.junit.jupiter.api.Test;

/**
 * Asks a service for some seconds with deadlines, cancellations, bad images and a device that breaks now and then. {@code
 * -Dcodanet.soakSeconds=3600} makes it an hour.
 */
final class ServiceSoakTest {
    private static final int SECONDS = Integer.getInteger("codanet.soakSeconds", 4);
    private static final int CALLERS = 16;

    private final FaultyDevice device = new FaultyDevice(ServiceFixture.IMAGE);
    private final LongAdder asked = new LongAdder();
    private final LongAdder answered = new LongAdder();

    @Test
    void nothingLeaksAndEveryCallIsAnsweredOnce() throws Exception {
        ExplanationService service = ServiceFixture.build(
                ServiceFixture.builder().opener(device).reopenDevice(true).maxQueue(32));
        try (service) {
            service.warmUp();
            run(service, Math.max(1, SECONDS / 4));
            long before = service.metrics("toy").calls(Outcome.SUCCESS);
            State first = state();
            run(service, Math.max(1, SECONDS / 4));
            long half = service.metrics("toy").calls(Outcome.SUCCESS) - before;
            run(service, Math.max(1, SECONDS / 4));
            State last = state();
            long otherHalf = service.metrics("toy").calls(Outcome.SUCCESS) - before - half;

            assertEquals(asked.sum(), answered.sum());
            assertEquals(asked.sum(), service.metrics("toy").calls());
            assertEquals(first.tensors(), last.tensors());
            assertTrue(last.reserved() <= first.reserved(), () -> "device bytes " + first + ", " + last);
            assertTrue(last.threads() <= first.threads() + 4, () -> "threads " + first + ", " + last);
            assertTrue(last.files() <= first.files() + 4, () -> "open files " + first + ", " + last);
            assertTrue(otherHalf > half / 3, () -> "throughput fell from " + half + " to " + otherHalf);
            for (Outcome outcome :
                    List.of(Outcome.SUCCESS, Outcome.DEADLINE, Outcome.CANCELLED, Outcome.INVALID, Outcome.FAILED)) {
                assertTrue(service.metrics("toy").calls(outcome) > 0, "no call ended with " + outcome);
            }
        }
        assertEquals(0, device.last.memory().tensors());
    }

    private record State(int tensors, long reserved, int threads, int files) {}

    /** What is held while no call runs. Idle blocks are given back first: how many there are depends on the sizes of the last batches. */
    private State state() {
        assertTrue(device.last.memory().reserved() < 64 << 20, () -> "idle blocks: " + device.last.memory());
        device.last.trimMemory();
        MemoryUse use = device.last.memory();
        String[] files = new File("/proc/self/fd").list();
        return new State(use.tensors(), use.reserved(), Thread.activeCount(), files == null ? 0 : files.length);
    }

    private void run(ExplanationService service, int seconds) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            threads.add(Thread.startVirtualThread(() -> {
                while (System.nanoTime() < end) {
                    ask(service, random);
                }
            }));
        }
        Thread.sleep(Duration.ofMillis(500L * seconds));
        device.brokenUpTo = device.opened.get();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void ask(ExplanationService service, SplittableRandom random) {
        List<Target> targets = List.of(Target.predicted(), Target.classes(1), Target.all(), Target.against(0, 1));
        int kind = random.nextInt(200);
        ExplainOptions options = ExplainOptions.of(targets.get(random.nextInt(targets.size())))
                .withWhenFull(random.nextBoolean() ? ExplainOptions.WhenFull.WAIT : ExplainOptions.WhenFull.REFUSE);
        ServiceImage image = ServiceFixture.image(random.nextInt(5));
        if (kind < 10) {
            options = options.withDeadline(Duration.ofNanos(1 + random.nextInt(500_000)));
        } else if (kind < 20) {
            image = ServiceImage.encoded("no picture".getBytes(StandardCharsets.US_ASCII));
        } else if (kind == 20) {
            image = ServiceFixture.poisoned();
        }
        asked.increment();
        CompletableFuture<ExplanationResult> call = service.submit(image, options);
        call.whenComplete((result, failure) -> answered.increment());
        if (kind > 190) {
            call.cancel(true);
        }
        try {
            call.join();
        } catch (CompletionException | CancellationException expected) {
            // Refusals are part of the test; how often each occurred is checked at the end.
        }
    }
}

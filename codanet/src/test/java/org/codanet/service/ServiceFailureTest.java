package org.codanet.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.codanet.explain.Target;
import org.codanet.nn.device.DeviceException;
import org.junit.jupiter.api.Test;

/** A service whose device, images or callers fail, or that is closed while it works. */
final class ServiceFailureTest {
    private final FaultyDevice device = new FaultyDevice(ServiceFixture.IMAGE);

    private ExplanationServiceBuilder builder() {
        return ServiceFixture.builder().opener(device);
    }

    private static ServiceException refusal(CompletableFuture<ExplanationResult> call) throws InterruptedException {
        ExecutionException failure = assertThrows(ExecutionException.class, call::get);
        return (ServiceException) failure.getCause();
    }

    /** Calls that are all in the queue before the device takes the second one. */
    private List<CompletableFuture<ExplanationResult>> atOnce(ExplanationService service, List<ServiceImage> images) {
        device.gate = new CountDownLatch(1);
        List<CompletableFuture<ExplanationResult>> calls = new ArrayList<>();
        for (ServiceImage image : images) {
            calls.add(service.submit(image, ExplainOptions.defaults()));
            while (service.health().models().getFirst().computing() == 0) {
                Thread.onSpinWait();
            }
        }
        return calls;
    }

    private static List<ServiceImage> images(int count) {
        List<ServiceImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(ServiceFixture.image(i));
        }
        return images;
    }

    @Test
    void aCallThatPoisonsItsBatchFailsAlone() throws Exception {
        try (ExplanationService service = ServiceFixture.build(builder())) {
            List<ServiceImage> images = images(12);
            images.set(7, ServiceFixture.poisoned());
            List<CompletableFuture<ExplanationResult>> calls = atOnce(service, images);
            device.gate.countDown();
            for (int i = 0; i < calls.size(); i++) {
                if (i == 7) {
                    ServiceException refusal = refusal(calls.get(i));
                    assertEquals(Outcome.FAILED, refusal.outcome());
                    assertEquals(
                            "the call cannot be computed: device: it does not like this image", refusal.getMessage());
                } else {
                    assertArrayEquals(
                            ServiceFixture.maps(ServiceFixture.alone(i, Target.predicted(), false)),
                            ServiceFixture.maps(calls.get(i).get().explanation()));
                }
            }
            assertEquals(1, device.opened.get());
        }
    }

    @Test
    void aLostDeviceIsReportedAndCallsAreRefused() throws Exception {
        List<String> lost = new ArrayList<>();
        ServiceListener listener = new ServiceListener() {
            @Override
            public void deviceLost(String name, Throwable reason) {
                lost.add(name + ": " + reason.getMessage());
            }
        };
        try (ExplanationService service = ServiceFixture.build(builder().listener(listener))) {
            List<CompletableFuture<ExplanationResult>> calls = atOnce(service, images(5));
            device.brokenUpTo = 1;
            device.gate.countDown();
            for (CompletableFuture<ExplanationResult> call : calls) {
                assertEquals(Outcome.DEVICE_LOST, refusal(call).outcome());
            }
            ServiceException next =
                    assertThrows(ServiceException.class, () -> service.explain(ServiceFixture.image(1)));
            assertEquals(Outcome.DEVICE_LOST, next.outcome());
            assertEquals("no device works any more: device: an illegal address was read", next.getMessage());
            assertEquals(ServiceHealth.State.DEVICE_LOST, service.health().state());
            assertEquals(
                    "device: an illegal address was read",
                    service.health().devices().getFirst().failure().orElseThrow());
            assertEquals(List.of("cpu: device: an illegal address was read"), lost);
        }
        assertEquals(0, device.last.memory().tensors());
    }

    @Test
    void aLostDeviceIsOpenedAgainIfAskedForAndEveryCallIsAnswered() throws Exception {
        try (ExplanationService service = ServiceFixture.build(builder().reopenDevice(true))) {
            List<CompletableFuture<ExplanationResult>> calls = atOnce(service, images(5));
            device.brokenUpTo = 1;
            device.gate.countDown();
            for (CompletableFuture<ExplanationResult> call : calls) {
                call.get();
            }
            assertEquals(2, device.opened.get());

            // An image that breaks every device fails in the end, and the others are answered.
            device.poisonBreaksDevice = true;
            List<ServiceImage> images = images(6);
            images.set(3, ServiceFixture.poisoned());
            calls = atOnce(service, images);
            device.gate.countDown();
            for (int i = 0; i < calls.size(); i++) {
                if (i == 3) {
                    assertEquals(Outcome.FAILED, refusal(calls.get(i)).outcome());
                } else {
                    calls.get(i).get();
                }
            }

            device.gone = true;
            device.brokenUpTo = Integer.MAX_VALUE;
            assertEquals(
                    Outcome.DEVICE_LOST,
                    refusal(service.submit(ServiceFixture.image(1), ExplainOptions.defaults()))
                            .outcome());
        }
    }

    @Test
    void aServiceWhoseDeviceCannotBeOpenedIsNotBuilt() {
        device.gone = true;
        DeviceException failure =
                assertThrows(DeviceException.class, () -> builder().build());
        assertEquals("device: it has fallen off the bus", failure.getMessage());
    }

    @Test
    void closeFinishesTheCallsThatWait() throws Exception {
        ExplanationService service = ServiceFixture.build(builder());
        List<CompletableFuture<ExplanationResult>> calls = atOnce(service, images(40));
        Thread closing = Thread.ofPlatform().start(service::close);
        while (service.health().state() != ServiceHealth.State.CLOSED) {
            Thread.onSpinWait();
        }
        device.gate.countDown();
        closing.join();
        assertTrue(calls.stream().allMatch(CompletableFuture::isDone));
        for (CompletableFuture<ExplanationResult> call : calls) {
            call.get();
        }
        assertEquals(0, device.last.memory().tensors());
    }

    @Test
    void closeRefusesWhatItCannotFinishInTime() throws Exception {
        ExplanationService service = ServiceFixture.build(builder().closeTimeout(Duration.ofMillis(50)));
        List<CompletableFuture<ExplanationResult>> calls = atOnce(service, images(4));
        Thread closing = Thread.ofPlatform().start(service::close);
        for (CompletableFuture<ExplanationResult> call : calls.subList(1, 4)) {
            assertEquals(Outcome.CLOSED, refusal(call).outcome());
        }
        device.gate.countDown();
        calls.getFirst().get();
        closing.join();
        assertEquals(0, device.last.memory().tensors());
    }

    @Test
    void closeWhileManyCallersAskAnswersEveryCallOnce() throws Exception {
        for (int round = 0; round < 5; round++) {
            ExplanationService service = ServiceFixture.build(builder().maxQueue(8));
            List<Thread> threads = new ArrayList<>();
            List<CompletableFuture<ExplanationResult>> calls = Collections.synchronizedList(new ArrayList<>());
            for (int i = 0; i < 20; i++) {
                int seed = i;
                threads.add(Thread.startVirtualThread(() -> {
                    CompletableFuture<ExplanationResult> call;
                    do {
                        call = service.submit(
                                ServiceFixture.image(seed),
                                ExplainOptions.defaults().withWhenFull(ExplainOptions.WhenFull.WAIT));
                        calls.add(call);
                    } while (!call.isCompletedExceptionally());
                }));
            }
            Thread.sleep(20);
            service.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(calls.stream().allMatch(CompletableFuture::isDone));
            assertEquals(calls.size(), service.metrics("toy").calls());
            assertEquals(0, device.last.memory().tensors());
        }
    }

    @Test
    void anInterruptedCallerLeavesTheQueue() throws Exception {
        try (ExplanationService service = ServiceFixture.build(builder())) {
            List<CompletableFuture<ExplanationResult>> calls = atOnce(service, images(1));
            List<Outcome> outcomes = new ArrayList<>();
            Thread caller = Thread.ofPlatform().start(() -> {
                ServiceException refusal =
                        assertThrows(ServiceException.class, () -> service.explain(ServiceFixture.image(2)));
                outcomes.add(refusal.outcome());
            });
            while (service.health().models().getFirst().waiting() == 0) {
                Thread.onSpinWait();
            }
            caller.interrupt();
            caller.join();
            assertEquals(List.of(Outcome.CANCELLED), outcomes);
            assertEquals(0, service.health().models().getFirst().waiting());
            device.gate.countDown();
            calls.getFirst().get();
        }
    }

    /** At three times the capacity the queue is always full, and its length and the time of a batch bound the latency. */
    @Test
    void anOverloadDoesNotMakeAcceptedCallsSlower() throws Exception {
        device.delayMillis = 5;
        try (ExplanationService service =
                ServiceFixture.build(builder().maxQueue(8).maxBatch(4))) {
            service.warmUp();
            List<CompletableFuture<ExplanationResult>> calls = new ArrayList<>();
            long start = System.nanoTime();
            // A batch of 4 takes 5 ms and more, so 800 a second are the capacity at most.
            for (int i = 0; i < 2000; i++) {
                long due = start + i * 1_000_000_000L / 2400;
                while (System.nanoTime() < due) {
                    Thread.sleep(Duration.ofNanos(Math.max(1, due - System.nanoTime())));
                }
                calls.add(service.submit(ServiceFixture.image(i % 5), ExplainOptions.defaults()));
            }
            for (CompletableFuture<ExplanationResult> call : calls) {
                call.exceptionally(refusal -> null).get();
            }
            ModelMetrics metrics = service.metrics("toy");
            assertEquals(2000, metrics.calls(Outcome.SUCCESS) + metrics.calls(Outcome.QUEUE_FULL));
            assertTrue(metrics.calls(Outcome.QUEUE_FULL) > 500, "the load was no overload");
            double batch = metrics.compute().quantile(0.99);
            // A call waits for the batch that is computed, and for at most the two batches before it in the queue.
            assertTrue(
                    metrics.queue().quantile(0.99) < 5 * batch,
                    () -> "99 % waited up to " + metrics.queue().quantile(0.99) + " ns for batches of " + batch
                            + " ns");
        }
    }
}

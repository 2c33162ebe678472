package org.codanet.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many threads ask one service for different things, and each gets the bits that it would get alone. */
final class ManyCallersTest {
    private static final List<Target> TARGETS = List.of(
            Target.predicted(),
            Target.classes(0),
            Target.classes(2),
            Target.topK(2),
            Target.classes(2, 0),
            Target.all(),
            Target.against(1, 2),
            Target.against(2, 0));
    private static final int IMAGES = 5;

    private record Question(int image, Target target, boolean channels) {}

    private static Question question(int number) {
        return new Question(number % IMAGES, TARGETS.get(number % TARGETS.size()), number % 7 == 0);
    }

    private static void assertSameBits(Explanation expected, ExplanationResult found) {
        assertEquals(expected.classes(0), found.classes());
        assertEquals(expected.against(), found.against());
        assertArrayEquals(ServiceFixture.maps(expected), ServiceFixture.maps(found.explanation()));
        assertEquals(expected.hasChannels(), found.hasChannels());
        for (int k = 0; k < expected.classCount(); k++) {
            assertEquals(expected.logit(0, k), found.logits()[k]);
            assertEquals(expected.probability(0, k), found.probabilities()[k]);
        }
        for (int t = 0; t < expected.targets(); t++) {
            assertEquals(expected.value(0, t), found.certificate(t).value());
            assertTrue(found.certificate(t).holds());
        }
    }

    @ParameterizedTest
    @CsvSource({"64, false", "512, true"})
    void eachGetsTheBitsThatItGetsAlone(int callers, boolean virtual) throws Exception {
        Map<Question, Explanation> expected = new HashMap<>();
        for (int i = 0; i < callers; i++) {
            expected.computeIfAbsent(question(i), it -> ServiceFixture.alone(it.image(), it.target(), it.channels()));
        }
        try (ExplanationService service =
                        ServiceFixture.build(ServiceFixture.builder().maxQueue(64));
                ExecutorService threads =
                        virtual ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newFixedThreadPool(callers)) {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                Question question = question(i);
                done.add(threads.submit(() -> {
                    start.await();
                    ExplanationResult result = service.explain(
                            ServiceFixture.image(question.image()),
                            ExplainOptions.of(question.target())
                                    .withChannels(question.channels())
                                    .withWhenFull(ExplainOptions.WhenFull.WAIT));
                    assertSameBits(expected.get(question), result);
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> one : done) {
                one.get();
            }
            assertEquals(callers, service.metrics("toy").calls(Outcome.SUCCESS));
            assertEquals(callers, service.metrics("toy").calls());
            assertTrue(service.metrics("toy").batchSizes().sum() == callers, "calls in batches");
        }
    }

    @Test
    void callsThatWaitShareABatchWhetherTheyNameTheirClassOrNot() throws Exception {
        FaultyDevice device = new FaultyDevice(ServiceFixture.IMAGE);
        try (ExplanationService service =
                ServiceFixture.build(ServiceFixture.builder().opener(device))) {
            device.gate = new CountDownLatch(1);
            List<CompletableFuture<ExplanationResult>> calls = new ArrayList<>();
            for (int i = 0; i < 17; i++) {
                Target target = i % 2 == 0 ? Target.predicted() : Target.classes(i % 3);
                calls.add(service.submit(ServiceFixture.image(i), ExplainOptions.of(target)));
                while (i == 0 && service.health().models().getFirst().computing() == 0) {
                    Thread.onSpinWait();
                }
            }
            assertEquals(16, service.health().models().getFirst().waiting());
            device.gate.countDown();
            for (int i = 0; i < calls.size(); i++) {
                Target target = i % 2 == 0 ? Target.predicted() : Target.classes(i % 3);
                assertSameBits(
                        ServiceFixture.alone(i, target, false), calls.get(i).get());
            }
            assertEquals(
                    2,
                    service.metrics("toy").batchSizes().count(),
                    "one call that came first, and one batch of the others");
        }
    }
}

package org.codanet.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ExplanationService;
import org.codanet.service.LatencyHistogram;
import org.codanet.service.ServiceImage;

/**
 * Asks a service for explanations and measures how long they take. Latency counts from the moment at which a call was due, so a generator
 * that falls behind does not hide waiting.
 */
public final class ServiceLoad {
    private static final double WARM_UP_SHARE = 0.2;

    private final ExplanationService service;
    private final List<ServiceImage> images;
    private final ExplainOptions options;

    /**
     * A load.
     *
     * @param images asked for in turn
     * @param options of every call
     */
    public ServiceLoad(ExplanationService service, List<ServiceImage> images, ExplainOptions options) {
        this.service = service;
        this.images = List.copyOf(images);
        this.options = options;
    }

    /** What was measured, and the histograms that it is collected in. */
    private static final class Collected {
        final LatencyHistogram total = new LatencyHistogram();
        final LatencyHistogram queue = new LatencyHistogram();
        final LatencyHistogram compute = new LatencyHistogram();
        final LongAdder refused = new LongAdder();

        void add(ExplanationResult result, long nanos) {
            total.add(nanos);
            queue.add(result.timings().queue().toNanos());
            compute.add(result.timings().compute().toNanos());
        }
    }

    /**
     * A closed loop: each client asks again as soon as it has its answer. With enough clients, the throughput is the capacity.
     *
     * @param clients threads
     * @param seconds of the measurement; the first fifth does not count
     */
    public ServiceMeasurement closed(int clients, double seconds) throws InterruptedException {
        Collected collected = new Collected();
        long start = System.nanoTime();
        long counted = start + Math.round(WARM_UP_SHARE * seconds * 1e9);
        long end = start + Math.round(seconds * 1e9);
        ExplainOptions waiting = options.withWhenFull(ExplainOptions.WhenFull.WAIT);
        Batches before = Batches.of(service, model());
        List<Thread> threads = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            int first = client;
            threads.add(Thread.startVirtualThread(() -> {
                for (int i = first; System.nanoTime() < end; i++) {
                    long asked = System.nanoTime();
                    ExplanationResult result = service.explain(images.get(i % images.size()), waiting);
                    if (asked >= counted) {
                        collected.add(result, System.nanoTime() - asked);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return measurement("closed", 0, clients, collected, (System.nanoTime() - counted) / 1e9, before);
    }

    /**
     * Poisson arrivals: calls are due at random moments and do not wait for each other. A call that finds the queue full is refused.
     *
     * @param rate calls a second, on average
     * @param seconds of the measurement; the first fifth does not count
     * @param seed of the moments
     */
    public ServiceMeasurement poisson(double rate, double seconds, long seed) throws InterruptedException {
        Collected collected = new Collected();
        SplittableRandom random = new SplittableRandom(seed);
        ExplainOptions refusing = options.withWhenFull(ExplainOptions.WhenFull.REFUSE);
        Batches before = Batches.of(service, model());
        List<CompletableFuture<?>> calls = new ArrayList<>();
        long start = System.nanoTime();
        long counted = start + Math.round(WARM_UP_SHARE * seconds * 1e9);
        double due = 0;
        for (int i = 0; due < seconds; i++) {
            long moment = start + Math.round(due * 1e9);
            while (System.nanoTime() < moment) {
                LockSupport.parkNanos(moment - System.nanoTime());
            }
            calls.add(service.submit(images.get(i % images.size()), refusing).handle((result, refusal) -> {
                if (moment >= counted && result != null) {
                    collected.add(result, System.nanoTime() - moment);
                } else if (moment >= counted) {
                    collected.refused.increment();
                }
                return null;
            }));
            due += -Math.log(1 - random.nextDouble()) / rate;
        }
        CompletableFuture.allOf(calls.toArray(CompletableFuture<?>[]::new)).join();
        return measurement("poisson", rate, 0, collected, (System.nanoTime() - counted) / 1e9, before);
    }

    private String model() {
        return options.model().orElseGet(() -> service.models().getFirst().name());
    }

    private record Batches(long count, long calls) {
        static Batches of(ExplanationService service, String model) {
            LatencyHistogram sizes = service.metrics(model).batchSizes();
            return new Batches(sizes.count(), sizes.sum());
        }
    }

    private ServiceMeasurement measurement(
            String arrivals, double rate, int clients, Collected collected, double seconds, Batches before) {
        Batches now = Batches.of(service, model());
        long batches = now.count() - before.count();
        return new ServiceMeasurement(
                arrivals,
                rate,
                clients,
                collected.total.count() / seconds,
                collected.refused.sum(),
                batches == 0 ? 0 : (double) (now.calls() - before.calls()) / batches,
                ServiceMeasurement.Percentiles.of(collected.total),
                ServiceMeasurement.Percentiles.of(collected.queue),
                ServiceMeasurement.Percentiles.of(collected.compute));
    }
}

package org.codanet.service;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What one model of a service did since the service was built. Replacing the file of the model does not reset it. Thread-safe. */
public final class ModelMetrics {
    private final Map<Outcome, LongAdder> outcomes = new EnumMap<>(Outcome.class);
    private final LatencyHistogram decode = new LatencyHistogram();
    private final LatencyHistogram queue = new LatencyHistogram();
    private final LatencyHistogram compute = new LatencyHistogram();
    private final LatencyHistogram total = new LatencyHistogram();
    private final LatencyHistogram batchSizes = new LatencyHistogram();

    ModelMetrics() {
        for (Outcome outcome : Outcome.values()) {
            outcomes.put(outcome, new LongAdder());
        }
    }

    void count(Outcome outcome) {
        outcomes.get(outcome).increment();
    }

    void addTimings(CallTimings timings) {
        decode.add(timings.decode().toNanos());
        queue.add(timings.queue().toNanos());
        compute.add(timings.compute().toNanos());
        total.add(timings.total().toNanos());
    }

    void addBatch(int calls) {
        batchSizes.add(calls);
    }

    /** Number of calls that ended in that way. */
    public long calls(Outcome outcome) {
        return outcomes.get(outcome).sum();
    }

    /** Number of calls that ended. */
    public long calls() {
        return outcomes.values().stream().mapToLong(LongAdder::sum).sum();
    }

    /** Nanoseconds from the call to the prepared picture, of the successful calls. */
    public LatencyHistogram decode() {
        return decode;
    }

    /** Nanoseconds from the prepared picture until a device took it, of the successful calls. */
    public LatencyHistogram queue() {
        return queue;
    }

    /** Nanoseconds from there until the batch was computed, of the successful calls. */
    public LatencyHistogram compute() {
        return compute;
    }

    /** Nanoseconds from the call to its result, of the successful calls. */
    public LatencyHistogram total() {
        return total;
    }

    /** Number of calls in each computed batch. */
    public LatencyHistogram batchSizes() {
        return batchSizes;
    }
}

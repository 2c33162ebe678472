package org.codanet.service;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.codanet.explain.Explanation;

/**
 * Explains batches on a device. A batch that fails is halved until the call that makes it fail is alone, so that only this call fails. If
 * the device does not even explain a black image, it is lost.
 */
final class BatchRunner {
    private final DeviceNets nets;
    private final Reports reports;

    BatchRunner(DeviceNets nets, Reports reports) {
        this.nets = nets;
        this.reports = reports;
    }

    /** The device does not work any more. */
    static final class DeviceLost extends Exception {
        private static final long serialVersionUID = 1L;

        DeviceLost(Throwable cause) {
            super(cause);
        }
    }

    /**
     * Explains calls of one kind and answers them.
     *
     * @throws DeviceLost if the device failed; calls that are not answered may be run on another device
     */
    void run(LoadedModel model, BatchKind kind, List<Call> calls) throws DeviceLost {
        calls.stream().filter(Call::isLate).forEach(Call::expire);
        List<Call> live = calls.stream().filter(call -> !call.hasEnded()).toList();
        if (live.isEmpty()) {
            return;
        }
        long start = System.nanoTime();
        try {
            Explanation explanation = nets.explain(
                    model,
                    kind,
                    live.stream().map(call -> call.pixels().values()).toList(),
                    live.stream().map(Call::target).toList());
            report(model, live, start, Optional.empty());
            answer(live, explanation);
        } catch (RuntimeException | OutOfMemoryError failure) {
            report(model, live, start, Optional.of(failure));
            split(model, kind, live, failure);
        }
    }

    private void report(LoadedModel model, List<Call> calls, long start, Optional<Throwable> failure) {
        reports.batchEnded(
                model.info().name(),
                nets.device().name(),
                calls.size(),
                Duration.ofNanos(System.nanoTime() - start),
                failure);
    }

    /** Virtual threads complete the futures, so that what callers do with the results does not hold up the device. */
    private void answer(List<Call> calls, Explanation explanation) {
        long computed = System.nanoTime();
        String device = nets.device().name();
        for (int n = 0; n < calls.size(); n++) {
            Call call = calls.get(n);
            int image = n;
            Thread.startVirtualThread(() -> call.succeed(() -> explanation.image(image), computed, device));
        }
    }

    private void split(LoadedModel model, BatchKind kind, List<Call> calls, Throwable failure) throws DeviceLost {
        if (!(failure instanceof IllegalArgumentException)) {
            try {
                nets.probe(model);
            } catch (RuntimeException | OutOfMemoryError second) {
                failure.addSuppressed(second);
                throw new DeviceLost(failure);
            }
        }
        if (calls.size() > 1) {
            int half = calls.size() / 2;
            run(model, kind, calls.subList(0, half));
            run(model, kind, calls.subList(half, calls.size()));
        } else {
            Outcome outcome = failure instanceof IllegalArgumentException ? Outcome.INVALID : Outcome.FAILED;
            String reason = failure instanceof OutOfMemoryError ? "the Java heap is full" : failure.getMessage();
            ServiceException refusal = new ServiceException(outcome, "the call cannot be computed: " + reason, failure);
            Thread.startVirtualThread(() -> calls.getFirst().fail(refusal));
        }
    }
}

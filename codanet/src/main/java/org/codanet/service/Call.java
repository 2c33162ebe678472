package org.codanet.service;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;

/**
 * One call, which is also the future that the caller holds. The first of result, refusal, deadline and the caller's own completion ends the
 * call: it leaves the queue, it is counted, and then the future is completed.
 */
final class Call extends CompletableFuture<ExplanationResult> {
    private static final long NOT_REACHED = Long.MIN_VALUE;

    private final CallQueue queue;
    private final Reports reports;
    private final LoadedModel model;
    private final BatchKind kind;
    private final Target target;
    private final ImageSize mapSize;
    private final long sequence;
    private final long start;
    private final Duration deadline;
    private final AtomicBoolean ended = new AtomicBoolean();

    private volatile Pixels pixels;
    private volatile long prepared = NOT_REACHED;
    private volatile long taken = NOT_REACHED;
    private volatile long computed = NOT_REACHED;
    private volatile Future<?> timer;

    /** How often a device was lost while it computed this call. Only the submission thread uses it. */
    int deviceLosses;

    /**
     * A call that is not in the queue yet.
     *
     * @param sequence smaller for calls that were admitted earlier
     * @param start {@code System.nanoTime()} of the call
     * @throws IllegalArgumentException if the options do not fit the model
     */
    Call(CallQueue queue, Reports reports, LoadedModel model, ExplainOptions options, long sequence, long start) {
        this.queue = queue;
        this.reports = reports;
        this.model = model;
        this.target = options.target();
        this.kind = BatchKind.of(target, model.classes(), options.channels());
        this.mapSize = mapSize(model.info(), options);
        this.sequence = sequence;
        this.start = start;
        this.deadline = options.deadline().orElse(null);
    }

    private static ImageSize mapSize(ModelInfo model, ExplainOptions options) {
        int height = model.preprocessing().height();
        int width = model.preprocessing().width();
        ImageSize size = options.mapSize().orElse(new ImageSize(height, width));
        if (height % size.height() != 0 || width % size.width() != 0) {
            throw new IllegalArgumentException("map size: " + size.height() + " rows and " + size.width()
                    + " columns do not divide the " + height + " x " + width + " pixels that the model reads");
        }
        return size;
    }

    LoadedModel model() {
        return model;
    }

    BatchKind kind() {
        return kind;
    }

    Target target() {
        return target;
    }

    long sequence() {
        return sequence;
    }

    /** The prepared picture; null as long as it is decoded. */
    Pixels pixels() {
        return pixels;
    }

    /** When the picture was prepared. */
    long preparedAt() {
        return prepared;
    }

    void setPrepared(Pixels picture) {
        prepared = System.nanoTime();
        pixels = picture;
    }

    void setTaken(long now) {
        taken = now;
    }

    /** The timer that calls {@link #expire}. */
    void setTimer(Future<?> expiry) {
        timer = expiry;
        if (ended.get()) {
            expiry.cancel(false);
        }
    }

    boolean hasEnded() {
        return ended.get();
    }

    boolean isLate() {
        return deadline != null && System.nanoTime() - start > deadline.toNanos();
    }

    /** Ends the call because its deadline has passed. */
    void expire() {
        String where = pixels == null ? "was decoded" : taken == NOT_REACHED ? "waited" : "was computed";
        fail(new ServiceException(
                Outcome.DEADLINE, "the deadline of " + deadline.toMillis() + " ms passed while the call " + where));
    }

    /**
     * Ends the call with the explanation of its image, or with a failure if that does not add up.
     *
     * @param image the explanation of this image alone
     */
    void succeed(Supplier<Explanation> image, long computedAt, String device) {
        computed = computedAt;
        if (isLate()) {
            expire();
            return;
        }
        try {
            Explanation pass = image.get();
            Explanation explanation = target instanceof Target.Against ? pass.difference() : pass;
            CallTimings timings = timings();
            ExplanationResult result =
                    new ExplanationResult(model.info(), model.loss(), device, explanation, mapSize, pixels, timings);
            for (int t = 0; t < result.targets(); t++) {
                if (!result.certificate(t).holds()) {
                    throw new ServiceException(
                            Outcome.FAILED,
                            "class " + result.label(t) + ": the contributions do not add up to the logit: "
                                    + result.certificate(t));
                }
            }
            if (end(Outcome.SUCCESS, timings)) {
                super.complete(result);
                queue.forget(this);
            }
        } catch (ServiceException e) {
            fail(e);
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(new ServiceException(Outcome.FAILED, "the result could not be built: " + e.getMessage(), e));
        }
    }

    /** Ends the call without a result. */
    void fail(ServiceException refusal) {
        if (end(refusal.outcome(), timings())) {
            super.completeExceptionally(refusal);
            queue.forget(this);
        }
    }

    private boolean end(Outcome outcome, CallTimings timings) {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        Future<?> expiry = timer;
        if (expiry != null) {
            expiry.cancel(false);
        }
        queue.remove(this);
        reports.callEnded(model.info().name(), true, outcome, timings);
        return true;
    }

    private CallTimings timings() {
        return new CallTimings(
                between(start, prepared),
                between(prepared, taken),
                between(taken, computed),
                Duration.ofNanos(System.nanoTime() - start));
    }

    private static Duration between(long from, long to) {
        return from == NOT_REACHED || to == NOT_REACHED ? Duration.ZERO : Duration.ofNanos(to - from);
    }

    // The caller may complete the future as well, for example by orTimeout. The call is then not computed any more.

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return byCaller(() -> super.completeExceptionally(new CancellationException("the caller cancelled the call")));
    }

    @Override
    public boolean complete(ExplanationResult value) {
        return byCaller(() -> super.complete(value));
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        return byCaller(() -> super.completeExceptionally(failure));
    }

    private boolean byCaller(Runnable completion) {
        if (!end(Outcome.CANCELLED, timings())) {
            return false;
        }
        completion.run();
        queue.forget(this);
        return true;
    }
}

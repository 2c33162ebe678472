package org.codanet.service;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.codanet.explain.Target;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.DeviceException;

/**
 * Explains images for any number of threads, with bounded queues and batches that form by themselves.
 *
 * <pre>{@code
 * try (ExplanationService service = ExplanationService.builder(modelFile).device("auto").build()) {
 *     service.warmUp();
 *     ExplanationResult result = service.explain(ServiceImage.encoded(jpeg), ExplainOptions.defaults());
 * }
 * }</pre>
 *
 * <p>Thread-safe, for platform and virtual threads. Results are plain values; only the service is closed. On a CPU, a result does not depend
 * on the batch that it was computed in, to the bit. On a GPU the batch size may change the last bits, as {@code Explainer} documents.
 */
public final class ExplanationService implements AutoCloseable {
    /** The name of the model of {@link #builder(Path)}. */
    public static final String DEFAULT_MODEL = "default";

    private final CallQueue queue;
    private final Reports reports;
    private final List<DeviceWorker> workers;
    private final Limits limits;
    private final ThreadPoolExecutor decoders;
    private final ScheduledThreadPoolExecutor timers;
    private final Object changes = new Object();
    private volatile boolean warm;

    /** Limits that concern callers. */
    record Limits(int decodeThreads, long maxPixels, Duration closeTimeout) {}

    private ExplanationService(CallQueue queue, Reports reports, List<DeviceWorker> workers, Limits limits) {
        this.queue = queue;
        this.reports = reports;
        this.workers = workers;
        this.limits = limits;
        ThreadFactory decoding =
                Thread.ofPlatform().name("codanet-decode-", 0).daemon().factory();
        this.decoders = new ThreadPoolExecutor(
                limits.decodeThreads(),
                limits.decodeThreads(),
                1,
                TimeUnit.MINUTES,
                new LinkedBlockingQueue<>(),
                decoding);
        this.decoders.allowCoreThreadTimeOut(true);
        this.timers = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("codanet-deadline").daemon().factory());
        this.timers.setRemoveOnCancelPolicy(true);
    }

    /** A builder for one model, which is called {@value #DEFAULT_MODEL}. */
    public static ExplanationServiceBuilder builder(Path model) {
        return builder().model(DEFAULT_MODEL, model);
    }

    /** A builder without a model. */
    public static ExplanationServiceBuilder builder() {
        return new ExplanationServiceBuilder();
    }

    static ExplanationService start(CallQueue queue, Reports reports, List<DeviceWorker> workers, Limits limits) {
        ExplanationService service = new ExplanationService(queue, reports, workers, limits);
        try {
            waitFor(workers.stream().<Future<?>>map(DeviceWorker::start).toList());
        } catch (RuntimeException | Error failure) {
            service.close();
            throw failure;
        }
        return service;
    }

    /** Explains the predicted class of an image. See {@link #explain(ServiceImage, ExplainOptions)}. */
    public ExplanationResult explain(ServiceImage image) {
        return explain(image, ExplainOptions.defaults());
    }

    /**
     * Explains an image and waits for the result.
     *
     * @throws ServiceException if the call is refused or fails, or if the thread is interrupted; {@link ServiceException#outcome} says why
     */
    public ExplanationResult explain(ServiceImage image, ExplainOptions options) {
        CompletableFuture<ExplanationResult> call = submit(image, options);
        try {
            return call.get();
        } catch (InterruptedException e) {
            call.cancel(true);
            Thread.currentThread().interrupt();
            throw new ServiceException(Outcome.CANCELLED, "the caller was interrupted", e);
        } catch (CancellationException e) {
            throw new ServiceException(Outcome.CANCELLED, "the call was cancelled", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ServiceException refusal) {
                // A new exception, because the stack trace of the other one is that of the thread that ended the call.
                throw new ServiceException(refusal.outcome(), refusal.getMessage(), refusal);
            }
            throw new ServiceException(
                    Outcome.FAILED, "the call failed: " + e.getCause().getMessage(), e.getCause());
        }
    }

    /**
     * Explains an image. The future fails with a {@link ServiceException} if the call is refused. Cancelling it, or completing it in another
     * way such as {@code orTimeout}, takes the call out of the queue. A virtual thread completes it, so dependent stages may block.
     *
     * <p>This method waits only if the queue is full and the options say so.
     */
    public CompletableFuture<ExplanationResult> submit(ServiceImage image, ExplainOptions options) {
        long start = System.nanoTime();
        long limit = options.deadline().map(Duration::toNanos).orElse(Long.MAX_VALUE);
        Call call;
        try {
            call = queue.admit(
                    options.model(),
                    (model, sequence) -> new Call(queue, reports, model, options, sequence, start),
                    options.whenFull() == ExplainOptions.WhenFull.WAIT,
                    limit);
        } catch (ServiceException e) {
            return refused(options, start, e);
        } catch (IllegalArgumentException e) {
            return refused(options, start, new ServiceException(Outcome.INVALID, e.getMessage(), e));
        }
        try {
            if (options.deadline().isPresent()) {
                long left = limit - (System.nanoTime() - start);
                call.setTimer(
                        timers.schedule(() -> Thread.startVirtualThread(call::expire), left, TimeUnit.NANOSECONDS));
            }
            if (image.isEncoded()) {
                decoders.execute(() -> prepare(call, image));
            } else {
                prepare(call, image);
            }
        } catch (RejectedExecutionException e) {
            call.fail(new ServiceException(Outcome.CLOSED, "the service is closed", e));
        }
        return call;
    }

    private CompletableFuture<ExplanationResult> refused(ExplainOptions options, long start, ServiceException refusal) {
        boolean known = refusal.outcome() != Outcome.UNKNOWN_MODEL;
        String model = options.model()
                .orElseGet(() -> queue.current().getFirst().info().name());
        Duration none = Duration.ZERO;
        reports.callEnded(
                model,
                known && isKnown(model),
                refusal.outcome(),
                new CallTimings(none, none, none, Duration.ofNanos(System.nanoTime() - start)));
        return CompletableFuture.failedFuture(refusal);
    }

    private boolean isKnown(String model) {
        return queue.current().stream()
                .anyMatch(version -> version.info().name().equals(model));
    }

    private void prepare(Call call, ServiceImage image) {
        if (call.hasEnded()) {
            return;
        }
        try {
            queue.prepared(call, call.model().preparation().prepare(image.read(limits.maxPixels())));
        } catch (IOException | IllegalArgumentException e) {
            call.fail(new ServiceException(Outcome.INVALID, String.valueOf(e.getMessage()), e));
        } catch (RuntimeException | OutOfMemoryError e) {
            call.fail(new ServiceException(Outcome.FAILED, "image: cannot be prepared: " + e.getMessage(), e));
        }
    }

    /** {@link #warmUp(List)} for the predicted class. */
    public void warmUp() {
        warmUp(List.of(Target.predicted()));
    }

    /**
     * Runs every batch size of each target, for each model on each device, and then reports ready. Calls are taken before, but they are
     * slow: plans and captures are created, and the JVM compiles the code.
     *
     * @param targets that callers will ask for; named classes count as one kind, whichever they are
     * @throws DeviceException if a device fails
     */
    public void warmUp(List<Target> targets) {
        List<Future<?>> tasks = new ArrayList<>();
        for (DeviceWorker worker : workers) {
            for (LoadedModel model : queue.current()) {
                for (Target target : targets) {
                    tasks.add(worker.post(nets -> nets.warmUp(model, target, false)));
                }
            }
        }
        waitFor(tasks);
        warm = true;
    }

    /**
     * Replaces the file of a model without losing a call: calls that were admitted before are computed by the old version. Returns when the
     * old version has been freed.
     *
     * @param name of a model of this service
     * @param file of codanet's own format
     * @throws IOException if it cannot be read; nothing has changed then
     * @throws IllegalArgumentException if there is no such model, or the file does not record the size of its images
     */
    public void replace(String name, Path file) throws IOException {
        replace(name, ModelFile.read(file));
    }

    /** {@link #replace(String, Path)} with a file that was read before. */
    public void replace(String name, ModelFile file) {
        synchronized (changes) {
            LoadedModel old = queue.current().stream()
                    .filter(model -> model.info().name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("service: there is no model '" + name + "'"));
            LoadedModel next = new LoadedModel(name, old.info().version() + 1, file, old.maxQueue());
            boolean warmUp = warm;
            try {
                waitFor(onEveryDevice(nets -> {
                    nets.load(next);
                    if (warmUp) {
                        nets.warmUp(next, Target.predicted(), false);
                    }
                }));
            } catch (RuntimeException failure) {
                onEveryDevice(nets -> nets.unload(next));
                throw failure;
            }
            queue.publish(next);
            old.drained.join();
            waitFor(onEveryDevice(nets -> nets.unload(old)));
        }
    }

    private List<Future<?>> onEveryDevice(Consumer<DeviceNets> task) {
        return workers.stream()
                .filter(worker -> worker.thread().isAlive())
                .<Future<?>>map(worker -> worker.post(task))
                .toList();
    }

    /** The models, the first one first. */
    public List<ModelInfo> models() {
        return queue.current().stream().map(LoadedModel::info).toList();
    }

    /** What a model did. @throws IllegalArgumentException if there is no such model */
    public ModelMetrics metrics(String model) {
        if (!isKnown(model)) {
            throw new IllegalArgumentException("service: there is no model '" + model + "'");
        }
        return reports.of(model);
    }

    /** The state of the service, its devices and its queues. */
    public ServiceHealth health() {
        ServiceHealth.State state = queue.isClosed()
                ? ServiceHealth.State.CLOSED
                : queue.lostReason() != null
                        ? ServiceHealth.State.DEVICE_LOST
                        : warm ? ServiceHealth.State.READY : ServiceHealth.State.STARTING;
        return new ServiceHealth(
                state, workers.stream().map(DeviceWorker::health).toList(), queue.lengths());
    }

    /**
     * Takes no more calls, finishes those that wait, and frees everything. Calls that are not taken by a device within the close timeout are
     * refused with {@link Outcome#CLOSED}. When this returns, every call is answered. Must not be called by a {@link ServiceListener}.
     */
    @Override
    public void close() {
        synchronized (changes) {
            queue.close();
            long end = System.nanoTime() + limits.closeTimeout().toNanos();
            boolean interrupted = false;
            for (DeviceWorker worker : workers) {
                interrupted |= join(worker.thread(), end - System.nanoTime());
            }
            queue.refuseWaiting(
                    new ServiceException(Outcome.CLOSED, "the service was closed before a device was free"));
            for (DeviceWorker worker : workers) {
                interrupted |= join(worker.thread(), Long.MAX_VALUE);
            }
            decoders.shutdownNow();
            timers.shutdownNow();
            while (!queue.allCompleted()) {
                // The last results are built by virtual threads.
                Thread.onSpinWait();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** @return whether this thread was interrupted while it waited */
    private static boolean join(Thread thread, long nanos) {
        boolean interrupted = false;
        long end = System.nanoTime() + Math.min(nanos, Long.MAX_VALUE / 4);
        while (thread.isAlive() && System.nanoTime() < end) {
            try {
                thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }

    private static void waitFor(List<Future<?>> tasks) {
        Optional<Throwable> failure = Optional.empty();
        for (Future<?> task : tasks) {
            try {
                task.get();
            } catch (ExecutionException e) {
                failure = failure.or(() -> Optional.of(e.getCause()));
            } catch (CancellationException e) {
                failure = failure.or(
                        () -> Optional.of(new ServiceException(Outcome.DEVICE_LOST, "a device stopped working", e)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ServiceException(Outcome.CANCELLED, "interrupted while the service worked", e);
            }
        }
        failure.ifPresent(ExplanationService::rethrow);
    }

    private static void rethrow(Throwable failure) {
        switch (failure) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }
}

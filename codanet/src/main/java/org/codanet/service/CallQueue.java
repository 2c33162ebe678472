package org.codanet.service;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.codanet.data.image.Pixels;

/**
 * The calls of all models between admission and answer, and the tasks of the submission threads. One lock guards everything. Methods of
 * calls and futures that run code of callers are never called while it is held.
 */
final class CallQueue {
    private final int maxBatch;
    private final long maxDelay;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition space = lock.newCondition();
    private final Map<String, LoadedModel> current = new LinkedHashMap<>();
    private final List<LoadedModel> versions = new ArrayList<>();
    private final Map<Object, Queue<FutureTask<?>>> tasks = new HashMap<>();

    /** Admitted calls whose future is not completed. */
    private final Set<Call> open = ConcurrentHashMap.newKeySet();

    private long sequence;
    private long lastBatchEnd;
    private boolean closed;
    private String lost;

    /** What a submission thread does next. */
    sealed interface Work {}

    /** Calls of one kind for one model. */
    record Batch(LoadedModel model, BatchKind kind, List<Call> calls) implements Work {}

    /** Something else than a batch. */
    record Task(FutureTask<?> task) implements Work {}

    /** The service is closed and every call is answered or computed. */
    record Exit() implements Work {}

    /** Creates a call for the version of the model that is current at its admission. */
    interface CallFactory {
        /** @throws IllegalArgumentException if the call does not fit the model */
        Call create(LoadedModel model, long sequence);
    }

    /** @param maxDelay nanoseconds that a call waits for others at most, see {@link ExplanationServiceBuilder#maxDelay} */
    CallQueue(int maxBatch, long maxDelay) {
        this.maxBatch = maxBatch;
        this.maxDelay = maxDelay;
        this.lastBatchEnd = System.nanoTime() - maxDelay;
    }

    /** Makes a version current. @return the version that it replaces, which takes no more calls */
    Optional<LoadedModel> publish(LoadedModel model) {
        lock.lock();
        try {
            LoadedModel old = current.put(model.info().name(), model);
            versions.add(model);
            if (old != null) {
                old.retired = true;
                finishIfDrained(old);
            }
            space.signalAll();
            return Optional.ofNullable(old);
        } finally {
            lock.unlock();
        }
    }

    /** The versions that still have calls, or take new ones. */
    List<LoadedModel> versions() {
        lock.lock();
        try {
            return List.copyOf(versions);
        } finally {
            lock.unlock();
        }
    }

    /** The current version of each model. */
    List<LoadedModel> current() {
        lock.lock();
        try {
            return List.copyOf(current.values());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Admits a call.
     *
     * @param name of the model; empty for the first one
     * @param wait whether to wait if the queue is full
     * @param waitLimit the longest time to wait, in nanoseconds
     * @throws ServiceException if the call is refused
     * @throws IllegalArgumentException from the factory
     */
    Call admit(Optional<String> name, CallFactory factory, boolean wait, long waitLimit) {
        long remaining = waitLimit;
        lock.lock();
        try {
            while (true) {
                requireOpen();
                LoadedModel model = find(name);
                if (model.waiting.size() < model.maxQueue()) {
                    Call call = factory.create(model, sequence++);
                    model.waiting.add(call);
                    open.add(call);
                    return call;
                }
                if (!wait) {
                    throw new ServiceException(
                            Outcome.QUEUE_FULL,
                            "the queue of model " + model.info().name() + " is full: " + model.maxQueue()
                                    + " calls wait; try again later");
                }
                if (remaining <= 0) {
                    throw new ServiceException(
                            Outcome.DEADLINE, "the deadline passed before there was space in the queue");
                }
                remaining = space.awaitNanos(remaining);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceException(
                    Outcome.CANCELLED, "the caller was interrupted before there was space in the queue", e);
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new ServiceException(Outcome.CLOSED, "the service is closed");
        }
        if (lost != null) {
            throw new ServiceException(Outcome.DEVICE_LOST, "no device works any more: " + lost);
        }
    }

    private LoadedModel find(Optional<String> name) {
        LoadedModel model = name.isPresent()
                ? current.get(name.get())
                : current.values().iterator().next();
        if (model == null) {
            throw new ServiceException(
                    Outcome.UNKNOWN_MODEL, "there is no model '" + name.get() + "'; there are " + current.keySet());
        }
        return model;
    }

    /** Lets a device take the call from now on. */
    void prepared(Call call, Pixels picture) {
        lock.lock();
        try {
            call.setPrepared(picture);
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a call that has ended, wherever it is. */
    void remove(Call call) {
        lock.lock();
        try {
            LoadedModel model = call.model();
            if (model.waiting.remove(call)) {
                space.signalAll();
                work.signalAll();
            }
            model.computing.remove(call);
            finishIfDrained(model);
        } finally {
            lock.unlock();
        }
    }

    private void finishIfDrained(LoadedModel model) {
        if (model.retired && model.waiting.isEmpty() && model.computing.isEmpty()) {
            versions.remove(model);
            model.drained.complete(null);
        }
    }

    /** The future of the call is completed. */
    void forget(Call call) {
        open.remove(call);
    }

    /** Whether the future of every admitted call is completed. */
    boolean allCompleted() {
        return open.stream().allMatch(Call::isDone);
    }

    /** Waits for work. @param worker the submission thread's key for {@link #post} */
    Work next(Object worker) throws InterruptedException {
        lock.lock();
        try {
            while (true) {
                FutureTask<?> task =
                        tasks.getOrDefault(worker, new ArrayDeque<>()).poll();
                if (task != null) {
                    return new Task(task);
                }
                Call oldest = oldest();
                if (oldest == null && closed && versions.stream().allMatch(model -> model.waiting.isEmpty())) {
                    tasks.remove(worker);
                    return new Exit();
                }
                if (oldest == null) {
                    work.await();
                } else {
                    List<Call> calls = similar(oldest);
                    long delay = calls.size() < oldest.model().batchLimit(oldest.kind(), maxBatch) ? delay(oldest) : 0;
                    if (delay <= 0) {
                        return take(oldest, calls);
                    }
                    work.awaitNanos(delay);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The prepared call that was admitted first; null if there is none. */
    private Call oldest() {
        Call oldest = null;
        for (LoadedModel model : versions) {
            for (Call call : model.waiting) {
                if (call.pixels() != null) {
                    oldest = oldest == null || call.sequence() < oldest.sequence() ? call : oldest;
                    break;
                }
            }
        }
        return oldest;
    }

    /** The call and those behind it that one pass can explain together. */
    private List<Call> similar(Call oldest) {
        int limit = oldest.model().batchLimit(oldest.kind(), maxBatch);
        return oldest.model().waiting.stream()
                .filter(call -> call.pixels() != null && call.kind().equals(oldest.kind()))
                .limit(limit)
                .toList();
    }

    /** How long a batch should wait for more calls. Nothing, if the device has been idle for that long: then others are not to be expected. */
    private long delay(Call oldest) {
        if (maxDelay == 0 || closed) {
            return 0;
        }
        long now = System.nanoTime();
        return maxDelay - Math.max(now - oldest.preparedAt(), now - lastBatchEnd);
    }

    private Batch take(Call oldest, List<Call> calls) {
        long now = System.nanoTime();
        LoadedModel model = oldest.model();
        for (Call call : calls) {
            model.waiting.remove(call);
            model.computing.add(call);
            call.setTaken(now);
        }
        space.signalAll();
        return new Batch(model, oldest.kind(), calls);
    }

    /** A submission thread has finished a batch. */
    void batchEnded() {
        lock.lock();
        try {
            lastBatchEnd = System.nanoTime();
        } finally {
            lock.unlock();
        }
    }

    /** A submission thread takes tasks from now on. */
    void addWorker(Object worker) {
        lock.lock();
        try {
            tasks.put(worker, new ArrayDeque<>());
        } finally {
            lock.unlock();
        }
    }

    /** Runs a task on a submission thread, between batches. It is cancelled if the thread has ended or ends before. */
    <T> FutureTask<T> post(Object worker, FutureTask<T> task) {
        lock.lock();
        try {
            Queue<FutureTask<?>> ofWorker = tasks.get(worker);
            if (ofWorker == null) {
                task.cancel(false);
            } else {
                ofWorker.add(task);
                work.signalAll();
            }
            return task;
        } finally {
            lock.unlock();
        }
    }

    /** A submission thread has stopped because its device failed. If it was the last one, every waiting call is refused. */
    void workerLost(Object worker, String reason) {
        Collection<FutureTask<?>> cancelled;
        boolean last;
        lock.lock();
        try {
            Queue<FutureTask<?>> removed = tasks.remove(worker);
            cancelled = removed == null ? List.of() : removed;
            last = tasks.isEmpty();
            lost = last ? reason : null;
            space.signalAll();
        } finally {
            lock.unlock();
        }
        cancelled.forEach(task -> task.cancel(false));
        if (last) {
            refuseWaiting(new ServiceException(Outcome.DEVICE_LOST, "no device works any more: " + reason));
        }
    }

    /** Takes no more calls. The submission threads end when no call waits. */
    void close() {
        lock.lock();
        try {
            closed = true;
            space.signalAll();
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Ends every waiting call. */
    void refuseWaiting(ServiceException refusal) {
        List<Call> calls = new ArrayList<>();
        lock.lock();
        try {
            versions.forEach(model -> calls.addAll(model.waiting));
        } finally {
            lock.unlock();
        }
        calls.forEach(call -> call.fail(refusal));
    }

    /** Why no device works; null if one does. */
    String lostReason() {
        lock.lock();
        try {
            return lost;
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** The lengths of the queues. */
    List<ServiceHealth.ModelHealth> lengths() {
        lock.lock();
        try {
            return current.values().stream()
                    .map(model -> new ServiceHealth.ModelHealth(
                            model.info(), model.waiting.size(), model.computing.size(), model.maxQueue()))
                    .toList();
        } finally {
            lock.unlock();
        }
    }
}

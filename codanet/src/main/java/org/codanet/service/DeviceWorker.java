package org.codanet.service;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;

/**
 * The submission thread of one device. It opens the device, runs batches and tasks, opens a lost device again if asked to, and closes it.
 */
final class DeviceWorker implements Runnable {
    private final String name;
    private final Settings settings;
    private final CallQueue queue;
    private final Reports reports;
    private final FutureTask<Void> started = new FutureTask<>(this::open);
    private final Thread thread;

    private DeviceNets nets;
    private volatile ServiceHealth.DeviceHealth health;

    /**
     * What all submission threads have in common.
     *
     * @param opener opens devices
     * @param options passed to the opener
     * @param maxBatch the largest number of calls of a batch
     * @param reopen whether a lost device is opened again
     */
    record Settings(DeviceNets.Opener opener, DeviceOptions options, int maxBatch, boolean reopen) {}

    DeviceWorker(String name, Settings settings, CallQueue queue, Reports reports) {
        this.name = name;
        this.settings = settings;
        this.queue = queue;
        this.reports = reports;
        this.thread =
                Thread.ofPlatform().name("codanet-service-" + name).daemon().unstarted(this);
    }

    /** Starts the thread. @return completed when the device is open and holds all models */
    FutureTask<Void> start() {
        queue.addWorker(this);
        thread.start();
        return started;
    }

    /** Runs a task on the thread, with the networks of the device. */
    FutureTask<Void> post(Consumer<DeviceNets> task) {
        Callable<Void> body = () -> {
            task.accept(nets);
            return null;
        };
        return queue.post(this, new FutureTask<>(body));
    }

    Thread thread() {
        return thread;
    }

    /** The device as it is now. */
    ServiceHealth.DeviceHealth health() {
        return health;
    }

    private Void open() {
        Devices.Choice choice = settings.opener().open(name, settings.options());
        nets = new DeviceNets(choice, settings.options(), settings.maxBatch(), reports);
        try {
            queue.versions().forEach(nets::load);
        } catch (RuntimeException | Error failure) {
            closeQuietly(failure);
            throw failure;
        }
        health = new ServiceHealth.DeviceHealth(
                choice.device().name(), choice.device().description(), choice.reason(), Optional.empty());
        return null;
    }

    @Override
    public void run() {
        started.run();
        if (nets == null) {
            queue.workerLost(this, "it could not be opened");
            return;
        }
        try {
            boolean alive = true;
            while (alive) {
                alive = switch (queue.next(this)) {
                    case CallQueue.Task(FutureTask<?> task) -> {
                        task.run();
                        yield true;
                    }
                    case CallQueue.Batch batch -> run(batch);
                    case CallQueue.Exit exit -> false;
                };
            }
        } catch (InterruptedException | RuntimeException | Error failure) {
            lose(failure);
        } finally {
            if (nets != null) {
                nets.close();
            }
        }
    }

    /** @return whether the device works */
    private boolean run(CallQueue.Batch batch) {
        try {
            new BatchRunner(nets, reports).run(batch.model(), batch.kind(), batch.calls());
            return true;
        } catch (BatchRunner.DeviceLost failure) {
            return recover(batch, failure.getCause());
        } catch (RuntimeException | Error failure) {
            batch.calls().forEach(call -> call.fail(lost(failure)));
            throw failure;
        } finally {
            queue.batchEnded();
        }
    }

    /**
     * Opens the device again, if asked to, and runs the calls that are not answered one by one. A call during which the device is lost
     * twice fails, so that it cannot stop the service.
     */
    private boolean recover(CallQueue.Batch batch, Throwable failure) {
        Deque<Call> pending = new ArrayDeque<>(batch.calls());
        Throwable reason = failure;
        boolean single = pending.size() == 1;
        while (true) {
            if (!reopen(reason)) {
                ServiceException refusal = lost(reason);
                pending.forEach(call -> call.fail(refusal));
                lose(reason);
                return false;
            }
            if (single && ++pending.getFirst().deviceLosses > 1) {
                pending.removeFirst()
                        .fail(new ServiceException(
                                Outcome.FAILED, "the device failed twice while it computed this call", reason));
            }
            try {
                single = true;
                while (!pending.isEmpty()) {
                    new BatchRunner(nets, reports).run(batch.model(), batch.kind(), List.of(pending.getFirst()));
                    pending.removeFirst();
                }
                return true;
            } catch (BatchRunner.DeviceLost again) {
                reason = again.getCause();
            }
        }
    }

    private ServiceException lost(Throwable reason) {
        return new ServiceException(Outcome.DEVICE_LOST, "device " + name + " failed: " + reason.getMessage(), reason);
    }

    private boolean reopen(Throwable reason) {
        reports.deviceLost(name, reason);
        closeQuietly(reason);
        if (!settings.reopen()) {
            return false;
        }
        long start = System.nanoTime();
        try {
            open();
        } catch (RuntimeException | Error failure) {
            reason.addSuppressed(failure);
            return false;
        }
        reports.deviceReopened(name, Duration.ofNanos(System.nanoTime() - start));
        return true;
    }

    private void lose(Throwable reason) {
        ServiceHealth.DeviceHealth last = health;
        health = new ServiceHealth.DeviceHealth(
                last.name(), last.description(), last.reason(), Optional.of(String.valueOf(reason.getMessage())));
        queue.workerLost(this, String.valueOf(reason.getMessage()));
    }

    /** A device that failed may fail again while it is closed. What it held is then lost with it. */
    private void closeQuietly(Throwable reason) {
        DeviceNets failed = nets;
        nets = null;
        try {
            if (failed != null) {
                failed.close();
            }
        } catch (RuntimeException closing) {
            reason.addSuppressed(closing);
        }
    }
}

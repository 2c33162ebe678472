package org.codanet.nn.cpu.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that share the tasks of one call at a time. The calling thread is one of them. Tasks are handed
 * out in order, whoever is free takes the next; what a task computes must therefore not depend on which worker runs it.
 */
public final class Workers implements AutoCloseable {
    /** Part of one call: task {@code index}, run by worker {@code worker}, which owns scratch memory of that number. */
    @FunctionalInterface
    public interface Task {
        public void run(int index, int worker);
    }

    /**
     * One call. A worker that wakes when all tasks are taken stays out, so that the caller never waits for one that has
     * nothing to do: on a busy machine that takes longer than the call itself.
     */
    private static final class Job {
        /** Added to {@link #inside} when nobody may enter any more. */
        private static final int ENDED = Integer.MIN_VALUE;

        private final int tasks;
        private final Task task;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger inside = new AtomicInteger();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();

        Job(int tasks, Task task) {
            this.tasks = tasks;
            this.task = task;
        }

        /** A worker's part. */
        void help(int worker) {
            int count = inside.get();
            while (count >= 0 && !inside.compareAndSet(count, count + 1)) {
                count = inside.get();
            }
            if (count < 0) {
                return;
            }
            work(worker);
            if (inside.decrementAndGet() == ENDED) {
                LockSupport.unpark(caller);
            }
        }

        private void work(int worker) {
            try {
                for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                    task.run(i, worker);
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
                next.set(tasks);
            }
        }

        /** The caller's part: works, and returns when no worker is inside. */
        void complete() {
            work(0);
            inside.addAndGet(ENDED);
            long start = System.nanoTime();
            boolean interrupted = false;
            while (inside.get() != ENDED) {
                if (System.nanoTime() - start < SPIN_NANOS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                    // The workers still use the caller's memory: an interrupt has to wait until they are done.
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                caller.interrupt();
            }
        }
    }

    /** Steps are a few hundred microseconds apart in a pass: waking a parked thread for each would cost as much again. */
    private static final long SPIN_NANOS = 50_000;

    private final Thread[] threads;
    private volatile Job job;
    private volatile boolean closed;

    /** @param count workers, the caller included; at least 1 */
    public Workers(int count, String device) {
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform()
                    .daemon()
                    .name(device + " worker " + worker)
                    .unstarted(() -> serve(worker));
            threads[i].start();
        }
    }

    public int count() {
        return threads.length + 1;
    }

    /** Runs all tasks and returns when the last one has ended; the first failure of any of them is thrown. */
    public void run(int tasks, Task task) {
        if (closed) {
            throw new IllegalStateException("the device's workers were stopped when it was closed");
        }
        if (threads.length == 0 || tasks == 1) {
            for (int i = 0; i < tasks; i++) {
                task.run(i, 0);
            }
            return;
        }
        Job current = new Job(tasks, task);
        job = current;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        current.complete();
        Throwable failure = current.failure.get();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private void serve(int worker) {
        Job last = null;
        while (!closed) {
            Job current = job;
            if (current == last) {
                current = waitForJob(last);
                if (current == null) {
                    return;
                }
            }
            current.help(worker);
            last = current;
        }
    }

    private Job waitForJob(Job last) {
        long start = System.nanoTime();
        while (job == last) {
            if (closed) {
                return null;
            }
            if (System.nanoTime() - start < SPIN_NANOS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        return job;
    }

    /** Stops the threads; calling again is harmless. */
    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}

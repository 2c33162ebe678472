package org.codanet.nn.cpu.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that run the tasks of one call at a time. The calling thread is one of them. Each free worker takes the next
 * task, so the result of a task must not depend on the worker that runs it.
 */
public final class Workers implements AutoCloseable {
    /** Runs one task of a call. The number of the worker selects its scratch memory. */
    @FunctionalInterface
    public interface Task {
        public void run(int index, int worker);
    }

    /**
     * One call. A worker that wakes up after the last task has been taken does not enter, so the caller never waits for a worker without
     * work. On a busy machine that wait could take longer than the call itself.
     */
    private static final class Job {
        /** Added to {@link #inside} when workers may no longer enter. */
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

        /** Runs tasks on a worker. */
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

        /** Runs tasks on the calling thread, then waits until no worker is inside. */
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
                    // The workers still use the caller's memory, so an interrupt is deferred until they are done.
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                caller.interrupt();
            }
        }
    }

    /**
     * How long a thread that waits spins before it parks. The calls of a pass are a few hundred microseconds apart, and waking parked
     * threads for each call would double the time.
     */
    private static final long SPIN_NANOS = 50_000;

    private final Thread[] threads;
    private volatile Job job;
    private volatile boolean closed;

    /** @param count number of workers, including the calling thread; at least 1 */
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

    /** Runs all tasks and returns when the last one has ended. If tasks fail, throws the first failure. */
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

    /** Stops the threads. A second call does nothing. */
    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}

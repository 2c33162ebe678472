package org.codanet.nn.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that share the tasks of one call at a time. The calling thread is one of them. Tasks are handed
 * out in order, whoever is free takes the next; what a task computes must therefore not depend on which worker runs it.
 */
final class Workers implements AutoCloseable {
    /** Part of one call: task {@code index}, run by worker {@code worker}, which owns scratch memory of that number. */
    @FunctionalInterface
    interface Task {
        void run(int index, int worker);
    }

    private record Job(int tasks, Task task, AtomicInteger next, AtomicReference<Throwable> failure, CountDownLatch done) {
        void work(int worker) {
            try {
                for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                    task.run(i, worker);
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
                next.set(tasks);
            }
        }
    }

    /** Steps are a few hundred microseconds apart in a pass: waking a parked thread for each would cost as much again. */
    private static final long SPIN_NANOS = 50_000;

    private final Thread[] threads;
    private volatile Job job;
    private volatile boolean closed;

    /** @param count workers, the caller included; at least 1 */
    Workers(int count, String device) {
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform().daemon().name(device + " worker " + worker).unstarted(() -> serve(worker));
            threads[i].start();
        }
    }

    int count() {
        return threads.length + 1;
    }

    /** Runs all tasks and returns when the last one has ended; the first failure of any of them is thrown. */
    void run(int tasks, Task task) {
        if (closed) {
            throw new IllegalStateException("the device's workers were stopped when it was closed");
        }
        if (threads.length == 0 || tasks == 1) {
            for (int i = 0; i < tasks; i++) {
                task.run(i, 0);
            }
            return;
        }
        Job current =
                new Job(tasks, task, new AtomicInteger(), new AtomicReference<>(), new CountDownLatch(threads.length));
        job = current;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        current.work(0);
        await(current);
        Throwable failure = current.failure().get();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private static void await(Job current) {
        boolean interrupted = false;
        while (true) {
            try {
                current.done().await();
                break;
            } catch (InterruptedException e) {
                // The workers still use the caller's memory: the interrupt has to wait until they are done.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
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
            current.work(worker);
            current.done().countDown();
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

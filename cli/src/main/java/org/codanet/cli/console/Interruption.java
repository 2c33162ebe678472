package org.codanet.cli.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a long task write a checkpoint when the user presses Ctrl-C or the system terminates the program. The JVM waits for the
 * task before it exits, for at most a minute.
 */
public final class Interruption implements AutoCloseable {
    private static final long MAX_WAIT_SECONDS = 60;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean requested;

    /** @param stop asks the task to end; it is called on another thread */
    public Interruption(Runnable stop) {
        hook = new Thread(
                () -> {
                    requested = true;
                    stop.run();
                    try {
                        ended.await(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "codanet-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Whether the program is about to exit. */
    boolean isRequested() {
        return requested;
    }

    /** Reports that the task has ended, so that the JVM does not wait any longer. */
    @Override
    public void close() {
        ended.countDown();
        if (!requested) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The shutdown has just begun. The hook returns at once, because the latch is open.
            }
        }
    }
}

package org.codanet.cli.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a long piece of work end in good order when the user presses Ctrl-C or the system asks the program to end: the JVM
 * waits until the work has written down where it is.
 */
public final class Interruption implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean requested;

    /** @param stop asks the work to end; called on another thread */
    public Interruption(Runnable stop) {
        hook = new Thread(
                () -> {
                    requested = true;
                    stop.run();
                    try {
                        ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "codanet-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Whether the program is on its way out. */
    boolean isRequested() {
        return requested;
    }

    /** The work has ended: the JVM need not wait any longer. */
    @Override
    public void close() {
        ended.countDown();
        if (!requested) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The end has begun in this very moment; the hook finds the latch open.
            }
        }
    }
}

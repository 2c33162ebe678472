package org.codanet.data.dataset;

import java.io.IOException;

/** Creates the threads that read and decode images. */
public final class ReaderThreads {
    private ReaderThreads() {}

    /** {@return a daemon thread that has not been started} */
    public static Thread create(Runnable work) {
        return Thread.ofPlatform().name("codanet-data").daemon().unstarted(work);
    }

    /** {@return a worker's failure if it can be thrown as an IOException; throws it otherwise} */
    public static IOException rethrow(Throwable failure) {
        return switch (failure) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException(failure);
        };
    }
}

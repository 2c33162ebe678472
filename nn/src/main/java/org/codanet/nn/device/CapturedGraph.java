package org.codanet.nn.device;

/** Work that {@link Device#capture} keeps, to be run again with whatever its tensors hold by then. Belongs to its scope. */
public interface CapturedGraph extends AutoCloseable {
    /** Queues it once more. @throws IllegalStateException naming the scope, if that has been closed */
    void run();

    /** Gives back what is held for it; twice is harmless. */
    @Override
    void close();
}

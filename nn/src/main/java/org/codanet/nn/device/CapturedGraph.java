package org.codanet.nn.device;

/** Operations that {@link Device#capture} captured. A replay uses the values that the tensors hold by then. Owned by its scope. */
public interface CapturedGraph extends AutoCloseable {
    /** Replays the operations. @throws IllegalStateException naming the scope, if that has been closed */
    void run();

    /** Frees the memory of the graph. A second call does nothing. */
    @Override
    void close();
}

package org.codanet.nn.device;

import org.codanet.nn.tensor.Scope;

/**
 * Operations that are called again and again on the same tensors, with new values in them.
 *
 * <p>The first two runs are eager. If the device supports capture, the second one is followed by a capture, and every later run replays
 * the captured graph. Work that runs only once is therefore never captured, and a capture takes place when everything that it needs was
 * in memory a moment ago. If memory is short even so, the device reports it to its listener, and the work goes on eagerly: that takes
 * less memory and gives the same bits.
 */
public final class ReplayedWork {
    private final Device device;
    private final Scope scope;
    private final Runnable operations;
    private CapturedGraph graph;
    private int eagerRuns;

    /**
     * Work that has not run yet.
     *
     * @param scope owner of the captured graph
     * @param operations obey the rules of {@link Device#capture}
     */
    public ReplayedWork(Device device, Scope scope, Runnable operations) {
        this.device = device;
        this.scope = scope;
        this.operations = operations;
    }

    /** Runs the operations, or replays their graph. */
    public void run() {
        if (graph != null) {
            graph.run();
            return;
        }
        operations.run();
        eagerRuns++;
        if (eagerRuns == 2 && device.supportsCapture()) {
            try {
                graph = device.capture(scope, operations);
            } catch (OutOfMemoryException reported) {
                graph = null;
            }
        }
    }
}

package org.codanet.model;

import org.codanet.nn.device.CapturedGraph;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.tensor.Scope;

/**
 * Work on tensors that stay, run again and again with other values in them. Where the device gains by it, the second run is
 * followed by a recording, and every later one is a replay: what is asked for once is not worth a recording, and what the
 * recording needs has just been there.
 */
public final class NetStep {
    private final Device device;
    private final Scope scope;
    private final Runnable work;
    private CapturedGraph recorded;
    private int runs;

    /**
     * A step that has not run yet.
     *
     * @param scope owner of what is kept of it
     * @param work as {@link Device#capture} allows it
     */
    public NetStep(Device device, Scope scope, Runnable work) {
        this.device = device;
        this.scope = scope;
        this.work = work;
    }

    /** Queues it. */
    public void run() {
        if (recorded != null) {
            recorded.run();
            return;
        }
        work.run();
        runs++;
        if (runs == 2 && device.supportsCapture()) {
            try {
                recorded = device.capture(scope, work);
            } catch (OutOfMemoryException refusal) {
                // The device has told its listener. Calls need less memory at one time, and give the same bits.
                recorded = null;
            }
        }
    }

    /** Whether runs are replays by now. */
    public boolean isCaptured() {
        return recorded != null;
    }
}

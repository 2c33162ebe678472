package org.codanet.nn.device;

import org.codanet.nn.tensor.Scope;

/**
 * {@link Device#capture} of a device that has nothing to gain by it: a step is called again each time. What other devices could
 * not record is refused all the same, so that a step which runs on one device runs on all.
 */
public final class EagerCapture {
    private final String device;
    private boolean running;

    /** @param device name of the device, for messages */
    public EagerCapture(String device) {
        this.device = device;
    }

    /** A step that is called each time, owned by {@code scope}. */
    public CapturedGraph capture(Scope scope, Runnable step) {
        refuseInside("record another");
        return scope.register(new Repeated(scope.path(), step));
    }

    /** @throws IllegalStateException while a step is run; {@code what} is what it may not do */
    public void refuseInside(String what) {
        if (running) {
            throw new IllegalStateException(
                    device + ": a recorded step may not " + what + "; do it before the step is recorded or run");
        }
    }

    private final class Repeated implements CapturedGraph {
        private final String owner;
        private final Runnable step;
        private boolean closed;

        private Repeated(String owner, Runnable step) {
            this.owner = owner;
            this.step = step;
        }

        @Override
        public void run() {
            if (closed) {
                throw new IllegalStateException(
                        "recorded step on " + device + " was used after its scope '" + owner + "' was closed");
            }
            running = true;
            try {
                step.run();
            } finally {
                running = false;
            }
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}

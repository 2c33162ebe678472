package org.codanet.nn.device;

import org.codanet.nn.tensor.Scope;

/**
 * {@link Device#capture} for a device that gains nothing by capture: each replay calls the body again. It enforces the rules of
 * capture all the same, so that a body that works on one device works on all.
 */
public final class EagerCapture {
    private final String device;
    private boolean running;

    /** @param device name of the device, for messages */
    public EagerCapture(String device) {
        this.device = device;
    }

    /** A graph, owned by {@code scope}, whose replay calls {@code body}. */
    public CapturedGraph capture(Scope scope, Runnable body) {
        refuseInside("capture another");
        return scope.register(new EagerGraph(scope.path(), body));
    }

    /** @throws IllegalStateException while a graph is replayed; {@code what} is what its body must not do, for the message */
    public void refuseInside(String what) {
        if (running) {
            throw new IllegalStateException(
                    device + ": a captured pass may not " + what + "; do it before the pass is captured or replayed");
        }
    }

    private final class EagerGraph implements CapturedGraph {
        private final String owner;
        private final Runnable body;
        private boolean closed;

        private EagerGraph(String owner, Runnable body) {
            this.owner = owner;
            this.body = body;
        }

        @Override
        public void run() {
            if (closed) {
                throw new IllegalStateException(
                        "captured pass on " + device + " was used after its scope '" + owner + "' was closed");
            }
            running = true;
            try {
                body.run();
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

package org.codanet.nn.device;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/** Reports each selected algorithm to the listener, once. Without a listener nothing is reported or remembered. */
public final class SelectionLog {
    private final Set<String> reported = new HashSet<>();
    private Consumer<String> listener;

    /** A log without a listener. */
    public SelectionLog() {}

    /** Sets the listener, as {@link Device#listenToSelections} does. */
    public void listen(Consumer<String> next) {
        listener = Objects.requireNonNull(next, "listener");
    }

    /** Reports the {@link Object#toString} of a selection, unless the same line has been reported before. */
    public void report(Object selection) {
        if (listener != null) {
            String line = selection.toString();
            if (reported.add(line)) {
                listener.accept(line);
            }
        }
    }
}

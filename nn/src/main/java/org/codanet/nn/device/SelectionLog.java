package org.codanet.nn.device;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/** The algorithms that a device chose, told once each to whoever wants to know; kept for nobody otherwise. */
public final class SelectionLog {
    private final Set<String> told = new HashSet<>();
    private Consumer<String> listener;

    /** Tells nobody until {@link #listen}. */
    public SelectionLog() {}

    /** As {@link Device#listenToSelections}. */
    public void listen(Consumer<String> to) {
        listener = Objects.requireNonNull(to, "listener");
    }

    /** Tells of a choice, by its {@link Object#toString}, unless the same line was told before. */
    public void report(Object choice) {
        if (listener != null) {
            String line = choice.toString();
            if (told.add(line)) {
                listener.accept(line);
            }
        }
    }
}

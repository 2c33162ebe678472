package org.codanet.nn.cpu.runtime;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Counts the open operations of a device by owner. Without this count, the check at the closing of a device would miss operations that
 * hold no memory. Thread-safe.
 */
public final class OpenOperations {
    private final Map<String, Integer> byOwner = new TreeMap<>();

    synchronized void opened(String owner) {
        byOwner.merge(owner, 1, Integer::sum);
    }

    synchronized void closed(String owner) {
        byOwner.computeIfPresent(owner, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Paths of the scopes that own open operations, sorted. */
    public synchronized Set<String> owners() {
        return new TreeSet<>(byOwner.keySet());
    }
}

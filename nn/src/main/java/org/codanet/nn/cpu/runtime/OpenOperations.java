package org.codanet.nn.cpu.runtime;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which scopes still own operations of a device: those without memory of their own would be missed otherwise. Thread-safe. */
public final class OpenOperations {
    private final Map<String, Integer> byOwner = new TreeMap<>();

    synchronized void opened(String owner) {
        byOwner.merge(owner, 1, Integer::sum);
    }

    synchronized void closed(String owner) {
        byOwner.computeIfPresent(owner, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Paths of the scopes, sorted. */
    public synchronized Set<String> owners() {
        return new TreeSet<>(byOwner.keySet());
    }
}

package org.codanet.nn.counting;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Bytes at the moment when a pass holds the most, by what they are for.
 *
 * @param tensors bytes of open tensors, by the path of the scope that owns them
 * @param states bytes of the forward states that back-projection or the gradient reads
 * @param prepared bytes that operations derived from the weights
 * @param workspace bytes of the workspace that operations share
 * @param library bytes that the device's libraries hold for themselves
 */
public record MemoryPeak(Map<String, Long> tensors, long states, long prepared, long workspace, long library) {
    /** Keeps a sorted copy of the map. */
    public MemoryPeak {
        tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
    }

    /** The sum of all parts. */
    public long totalBytes() {
        return tensorBytes() + states + prepared + workspace + library;
    }

    /** The sum over all scopes. */
    public long tensorBytes() {
        return tensors.values().stream().mapToLong(Long::longValue).sum();
    }
}

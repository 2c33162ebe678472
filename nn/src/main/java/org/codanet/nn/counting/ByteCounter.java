package org.codanet.nn.counting;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.codanet.nn.device.MemoryUse;

/**
 * Counts the bytes of a {@link CountingDevice}, now and at the peak.
 *
 * <p>Tensors and states are allocated and freed, so their peak is at one moment. The workspace and prepared weights only grow. They count
 * with their largest size, as in every pass after the first.
 */
final class ByteCounter {
    private final long library;
    private final Map<String, Long> tensors = new HashMap<>();
    private final Map<CountingDynamicAlignment, Long> prepared = new HashMap<>();
    private long tensorBytes;
    private long states;
    private long workspace;
    private int open;
    private Map<String, Long> tensorsAtPeak = Map.of();
    private long statesAtPeak;
    private long most;
    private long mostPrepared;
    private long mostWorkspace;

    ByteCounter(long library) {
        this.library = library;
    }

    void openTensor(String owner, long bytes) {
        tensors.merge(owner, bytes, Long::sum);
        tensorBytes += bytes;
        open++;
        notePeak();
    }

    void closeTensor(String owner, long bytes) {
        tensors.computeIfPresent(owner, (path, held) -> held == bytes ? null : held - bytes);
        tensorBytes -= bytes;
        open--;
    }

    void openState(long bytes) {
        states += bytes;
        notePeak();
    }

    void closeState(long bytes) {
        states -= bytes;
    }

    /** The operation holds at least so many bytes that are derived from its weights. */
    void prepare(CountingDynamicAlignment operation, long bytes) {
        prepared.merge(operation, bytes, Math::max);
        mostPrepared = Math.max(mostPrepared, preparedBytes());
    }

    void release(CountingDynamicAlignment operation) {
        prepared.remove(operation);
    }

    /** A call needs a workspace of so many bytes. */
    void useWorkspace(long bytes) {
        workspace = Math.max(workspace, bytes);
        mostWorkspace = Math.max(mostWorkspace, workspace);
    }

    void dropWorkspace() {
        workspace = 0;
    }

    private long preparedBytes() {
        return prepared.values().stream().mapToLong(Long::longValue).sum();
    }

    private void notePeak() {
        if (tensorBytes + states > most) {
            most = tensorBytes + states;
            tensorsAtPeak = Map.copyOf(tensors);
            statesAtPeak = states;
        }
    }

    void forgetPasses() {
        workspace = 0;
        prepared.clear();
        resetPeak();
    }

    void resetPeak() {
        most = tensorBytes + states;
        tensorsAtPeak = Map.copyOf(tensors);
        statesAtPeak = states;
        mostPrepared = preparedBytes();
        mostWorkspace = workspace;
    }

    MemoryPeak peak() {
        return new MemoryPeak(tensorsAtPeak, statesAtPeak, mostPrepared, mostWorkspace, library);
    }

    MemoryUse use() {
        long live = tensorBytes + states + preparedBytes() + workspace + library;
        return new MemoryUse(live, peak().totalBytes(), live, open);
    }

    /** Paths of the scopes that still own a tensor, sorted. */
    Set<String> owners() {
        return new TreeSet<>(tensors.keySet());
    }
}

package org.codanet.nn.reference.op;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.codanet.nn.device.ByteCount;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.device.OutOfMemoryException;

/** Counts the memory of a reference device by owner, enforces its budget, and knows which scopes own operations. */
public final class ReferenceMemory {
    private final String device;
    private final long budget;
    private final Map<String, Long> bytesByOwner = new TreeMap<>();
    private final Map<String, Integer> operationsByOwner = new TreeMap<>();
    private long live;
    private long peak;
    private int tensors;

    /** @param budget bytes that may be held at once; 0 sets no bound */
    public ReferenceMemory(String device, long budget) {
        this.device = device;
        this.budget = budget;
    }

    /** The values of a new tensor or state, all zero. */
    public synchronized double[] take(long elements, String owner) {
        long bytes = Math.multiplyExact(elements, (long) Double.BYTES);
        hold(bytes, owner);
        tensors++;
        return new double[Math.toIntExact(elements)];
    }

    /** Ends {@link #take}. */
    public synchronized void giveBack(long elements, String owner) {
        letGo(elements * Double.BYTES, owner);
        tensors--;
    }

    /** Counts bytes that are not a tensor, such as what an operation derived from its weights. */
    public synchronized void hold(long bytes, String owner) {
        if (budget != 0 && live + bytes > budget) {
            throw refused(bytes);
        }
        bytesByOwner.merge(owner, bytes, Long::sum);
        live += bytes;
        peak = Math.max(peak, live);
    }

    /** Ends {@link #hold}. */
    public synchronized void letGo(long bytes, String owner) {
        bytesByOwner.computeIfPresent(owner, (key, held) -> held == bytes ? null : held - bytes);
        live -= bytes;
    }

    synchronized void operationOpened(String owner) {
        operationsByOwner.merge(owner, 1, Integer::sum);
    }

    synchronized void operationClosed(String owner) {
        operationsByOwner.computeIfPresent(owner, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Paths of the scopes that still own something, sorted. */
    public synchronized Set<String> owners() {
        Set<String> owners = new TreeSet<>(bytesByOwner.keySet());
        owners.addAll(operationsByOwner.keySet());
        return owners;
    }

    public synchronized MemoryUse use() {
        return new MemoryUse(live, peak, live, tensors);
    }

    public synchronized void resetPeak() {
        peak = live;
    }

    private OutOfMemoryException refused(long bytes) {
        String largest = bytesByOwner.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(entry -> "; largest holder: " + entry.getKey() + " with " + ByteCount.text(entry.getValue()))
                .orElse("");
        return new OutOfMemoryException(
                "out of memory on " + device + ": " + ByteCount.text(bytes) + " asked for, budget "
                        + ByteCount.text(budget) + ", " + ByteCount.text(live) + " in use by " + tensors + " tensors"
                        + largest,
                bytes,
                budget - live,
                live);
    }
}

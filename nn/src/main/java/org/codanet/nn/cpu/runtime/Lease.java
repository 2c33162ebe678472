package org.codanet.nn.cpu.runtime;

/** One array of the {@link Workspace}, from the moment an owner leases it until the owner closes the lease. */
public final class Lease implements AutoCloseable {
    private final String holder;
    private float[] values = new float[0];
    private String owner;

    /** @param holder owner of the array, for messages: one worker, or all workers together */
    Lease(String holder) {
        this.holder = holder;
    }

    void begin(ArrayName array, int floats, String next, CpuMemory memory) {
        if (owner != null) {
            throw new IllegalStateException(
                    next + ": workspace array " + array.name() + " of " + holder + " is still leased by " + owner);
        }
        if (values.length < floats) {
            memory.hold((long) Float.BYTES * (floats - values.length), Workspace.OWNER);
            values = new float[floats];
        }
        owner = next;
    }

    /**
     * The array, with undefined contents. It has at least the requested number of floats.
     *
     * @throws IllegalStateException if the lease was closed
     */
    public float[] values() {
        if (owner == null) {
            throw new IllegalStateException("a workspace array of " + holder + " was used after its lease was closed");
        }
        return values;
    }

    /** Returns the array to the workspace. Closing a lease twice has no effect. */
    @Override
    public void close() {
        owner = null;
    }

    /** Frees the array. */
    void free(CpuMemory memory) {
        if (owner != null) {
            throw new IllegalStateException(
                    "the workspace was freed while an array of " + holder + " is leased by " + owner);
        }
        memory.endHold((long) Float.BYTES * values.length, Workspace.OWNER);
        values = new float[0];
    }
}

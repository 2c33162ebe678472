package org.codanet.nn.cpu.runtime;

/**
 * The temporary arrays of a CPU device: some for each worker, and some that all workers of a call share. The operations of the device
 * use them one after the other. An array never shrinks, and it counts as memory of the device until {@link #free}.
 *
 * <p>An array is leased by one owner at a time. A second lease before the first is closed fails, because two parts of the code would
 * overwrite each other's values:
 *
 * <pre>
 *   try (Lease scores = workspace.lease(worker, Arrays.SCORES, count, "forward pass")) {
 *       compute(scores.values());
 *   }
 * </pre>
 *
 * <p>Leases are objects that exist once for each array, so a lease allocates nothing.
 */
public final class Workspace {
    static final String OWNER = "workspace";

    /** Number of arrays of each worker, and number of shared arrays. */
    private static final int ARRAYS = 16;

    private final CpuMemory memory;
    private final Lease[][] ofWorkers;
    private final Lease[] shared;

    Workspace(int workers, CpuMemory memory) {
        this.memory = memory;
        this.ofWorkers = new Lease[workers][];
        for (int worker = 0; worker < workers; worker++) {
            ofWorkers[worker] = leases("worker " + worker);
        }
        this.shared = leases("all workers");
    }

    private static Lease[] leases(String holder) {
        Lease[] leases = new Lease[ARRAYS];
        for (int i = 0; i < ARRAYS; i++) {
            leases[i] = new Lease(holder);
        }
        return leases;
    }

    /**
     * Leases an array of one worker. Only the thread of that worker may call this.
     *
     * @param floats smallest length of the array
     * @param owner name of the lessee, for error messages
     * @throws IllegalStateException if the array is already leased
     */
    public Lease lease(int worker, ArrayName array, int floats, String owner) {
        Lease lease = ofWorkers[worker][array.ordinal()];
        lease.begin(array, floats, owner, memory);
        return lease;
    }

    /** Leases an array that all workers of a call share. Only the thread that starts the workers may call this. */
    public Lease leaseShared(ArrayName array, int floats, String owner) {
        Lease lease = shared[array.ordinal()];
        lease.begin(array, floats, owner, memory);
        return lease;
    }

    /** Frees all arrays. @throws IllegalStateException if an array is leased */
    public void free() {
        for (Lease[] leases : ofWorkers) {
            for (Lease lease : leases) {
                lease.free(memory);
            }
        }
        for (Lease lease : shared) {
            lease.free(memory);
        }
    }
}

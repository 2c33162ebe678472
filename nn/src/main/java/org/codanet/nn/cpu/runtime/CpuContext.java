package org.codanet.nn.cpu.runtime;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;

/** What the operations of one CPU device share. */
public final class CpuContext {
    /** Scratch arrays a worker may hold at once. */
    private static final int SLOTS = 16;

    private final String name;
    private final Kernels kernels;
    private final Workers workers;
    private final CpuMemory memory;
    private final Precision precision;
    private final OpenOperations operations = new OpenOperations();
    private final SelectionLog selections = new SelectionLog();
    private final float[][][] scratch;
    private final float[][] shared = new float[SLOTS][0];

    public CpuContext(String name, Kernels kernels, Workers workers, CpuMemory memory, Precision precision) {
        this.name = name;
        this.kernels = kernels;
        this.workers = workers;
        this.memory = memory;
        this.precision = precision;
        this.scratch = new float[workers.count()][SLOTS][0];
    }

    public String name() {
        return name;
    }

    public Kernels kernels() {
        return kernels;
    }

    public Workers workers() {
        return workers;
    }

    public CpuMemory memory() {
        return memory;
    }

    public Precision precision() {
        return precision;
    }

    /** Whom to tell what was chosen. */
    public SelectionLog selections() {
        return selections;
    }

    /** The operations whose scopes are still open. */
    public OpenOperations operations() {
        return operations;
    }

    /**
     * A worker's own array of at least {@code size} floats, contents undefined; the same slot gives the same array again.
     * It only grows, and counts as held by the device.
     */
    public float[] scratch(int worker, int slot, int size) {
        float[] array = scratch[worker][slot];
        if (array.length < size) {
            memory.hold(4L * (size - array.length), "workspace");
            array = new float[size];
            scratch[worker][slot] = array;
        }
        return array;
    }

    /** An array that all workers of one call share: grown, held and counted as {@link #scratch} is. */
    public float[] shared(int slot, int size) {
        float[] array = shared[slot];
        if (array.length < size) {
            memory.hold(4L * (size - array.length), "workspace");
            array = new float[size];
            shared[slot] = array;
        }
        return array;
    }

    /** Lets all scratch go, while no operation runs. */
    public void dropScratch() {
        drop(shared);
        for (float[][] slots : scratch) {
            drop(slots);
        }
    }

    private void drop(float[][] slots) {
        for (int slot = 0; slot < SLOTS; slot++) {
            memory.letGo(4L * slots[slot].length, "workspace");
            slots[slot] = new float[0];
        }
    }
}

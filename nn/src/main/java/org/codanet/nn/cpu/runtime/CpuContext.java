package org.codanet.nn.cpu.runtime;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;

/** What the operations of one CPU device share: kernels, workers, memory and workspace. */
public final class CpuContext {
    /** Scratch arrays of a worker. */
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

    /** Reports selected algorithms to the listener. */
    public SelectionLog selections() {
        return selections;
    }

    /** The operations whose scopes are still open. */
    public OpenOperations operations() {
        return operations;
    }

    /**
     * An array of at least {@code size} floats that belongs to one worker; contents undefined. The same slot returns the same array. It
     * only grows, and counts as workspace of the device.
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

    /** An array that all workers of a call share. It grows and counts as {@link #scratch} does. */
    public float[] shared(int slot, int size) {
        float[] array = shared[slot];
        if (array.length < size) {
            memory.hold(4L * (size - array.length), "workspace");
            array = new float[size];
            shared[slot] = array;
        }
        return array;
    }

    /** Frees the whole workspace. No operation may be running. */
    public void releaseWorkspace() {
        release(shared);
        for (float[][] slots : scratch) {
            release(slots);
        }
    }

    private void release(float[][] slots) {
        for (int slot = 0; slot < SLOTS; slot++) {
            memory.endHold(4L * slots[slot].length, "workspace");
            slots[slot] = new float[0];
        }
    }
}

package org.codanet.nn.cpu.runtime;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;

/** Resources that the operations of one CPU device share: kernels, workers, memory and workspace. */
public final class CpuContext {
    private final String name;
    private final Kernels kernels;
    private final Workers workers;
    private final CpuMemory memory;
    private final Precision precision;
    private final OpenOperations operations = new OpenOperations();
    private final SelectionLog selections = new SelectionLog();
    private final Workspace workspace;

    public CpuContext(String name, Kernels kernels, Workers workers, CpuMemory memory, Precision precision) {
        this.name = name;
        this.kernels = kernels;
        this.workers = workers;
        this.memory = memory;
        this.precision = precision;
        this.workspace = new Workspace(workers.count(), memory);
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

    /** The temporary arrays that the operations share. */
    public Workspace workspace() {
        return workspace;
    }
}

package org.codanet.gpu;

import org.codanet.gpu.driver.StepGraph;
import org.codanet.gpu.op.CudaResources;

/** A step that was recorded by {@link CudaDevice#record}. */
public final class Recording implements AutoCloseable {
    private final CudaResources resources;
    private final StepGraph graph;
    private final long workspace;

    Recording(CudaResources resources, StepGraph graph, long workspace) {
        this.resources = resources;
        this.graph = graph;
        this.workspace = workspace;
    }

    /**
     * Queues the step once more.
     *
     * @throws IllegalStateException if the device's workspace has moved since, which a larger step on the device does
     */
    public void replay() {
        if (resources.workspaceAddress() != workspace) {
            throw new IllegalStateException("recording on " + resources.name()
                    + ": the workspace has grown since the step was recorded; record it again");
        }
        graph.replay();
    }

    /** Kernels, copies and fills in it. */
    public long nodes() {
        return graph.nodes();
    }

    @Override
    public void close() {
        graph.close();
    }
}

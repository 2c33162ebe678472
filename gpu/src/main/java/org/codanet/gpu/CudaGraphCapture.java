package org.codanet.gpu;

import org.codanet.gpu.driver.CudaGraph;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.CapturedGraph;

/**
 * A step as a CUDA graph, with the memory that its own tensors had while it was recorded. The graph has addresses in it: where
 * another step has made the device's workspace grow, and so move, since, the step is recorded again before it is run.
 */
final class CudaGraphCapture implements CapturedGraph {
    private final CudaResources resources;
    private final String owner;
    private final Runnable step;
    private final MemoryPool.Room room;
    private final long workspaceBytes;
    private DevicePointer workspace;
    private CudaGraph graph;
    private boolean closed;

    CudaGraphCapture(CudaResources resources, String owner, Runnable step) {
        this.resources = resources;
        this.owner = owner;
        this.step = step;
        this.room = resources.memory().room(owner);
        // What the step's run by a call needed, or more.
        this.workspaceBytes = resources.workspaceBytes();
        try {
            record();
        } catch (RuntimeException | Error failure) {
            room.close();
            throw failure;
        }
        resources.opened(owner);
    }

    private void record() {
        workspace = resources.workspace(workspaceBytes);
        graph = room.record(() -> CudaGraph.capture(resources.stream(), step));
    }

    @Override
    public void run() {
        if (closed) {
            throw new IllegalStateException(
                    "captured pass on " + resources.name() + " was used after its scope '" + owner + "' was closed");
        }
        if (graph == null || !resources.workspace(workspaceBytes).equals(workspace)) {
            dropGraph();
            record();
        }
        graph.replay();
    }

    /** Kernels, copies and fills in it. */
    long nodes() {
        return graph.nodes();
    }

    private void dropGraph() {
        if (graph != null) {
            CudaGraph old = graph;
            graph = null;
            old.close();
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try {
                dropGraph();
            } finally {
                room.close();
                resources.closed(owner);
            }
        }
    }
}

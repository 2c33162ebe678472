package org.codanet.gpu;

import org.codanet.gpu.driver.CudaGraph;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.CapturedGraph;

/**
 * A captured pass: a CUDA graph, and the memory of the tensors that the pass allocates. Memory addresses are part of the graph. If the
 * device's workspace has moved since the capture, because it has grown or was freed, the pass is captured again before it is replayed.
 */
final class CudaGraphCapture implements CapturedGraph {
    private final CudaResources resources;
    private final String owner;
    private final Runnable pass;
    private final MemoryPool.GraphMemory memory;
    private final long workspaceBytes;
    private DevicePointer workspace;
    private CudaGraph graph;
    private boolean closed;

    CudaGraphCapture(CudaResources resources, String owner, Runnable pass) {
        this.resources = resources;
        this.owner = owner;
        this.pass = pass;
        this.memory = resources.memory().graphMemory(owner);
        // The pass has run eagerly before, so the workspace is large enough for it.
        this.workspaceBytes = resources.workspaceBytes();
        try {
            capture();
        } catch (RuntimeException | Error failure) {
            memory.close();
            throw failure;
        }
        resources.opened(owner);
    }

    private void capture() {
        workspace = resources.workspace(workspaceBytes);
        graph = memory.capture(() -> CudaGraph.capture(resources.stream(), pass));
    }

    @Override
    public void run() {
        if (closed) {
            throw new IllegalStateException(
                    "captured pass on " + resources.name() + " was used after its scope '" + owner + "' was closed");
        }
        if (graph == null || !resources.workspace(workspaceBytes).equals(workspace)) {
            dropGraph();
            capture();
        }
        graph.replay();
    }

    /** Number of nodes in the graph: kernel launches, copies and fills. */
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
                memory.close();
                resources.closed(owner);
            }
        }
    }
}

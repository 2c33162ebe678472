package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/**
 * Work recorded once and run again by a single call: the same kernels on the same addresses, with whatever values are there by
 * then. The driver needs about 2 µs for each launch; a replay pays once for the whole step.
 */
public final class CudaGraph extends Handle {
    private final Stream stream;
    private final long nodes;

    private CudaGraph(Stream stream, MemorySegment executable, long nodes) {
        super(stream.context(), "graph", executable);
        this.stream = stream;
        this.nodes = nodes;
    }

    /**
     * Records what {@code work} queues on the stream, without running it. The work must have run before with the same shapes,
     * for nothing may be compiled, allocated or waited for while it is recorded.
     *
     * @throws IllegalStateException if it does, from where it does
     */
    public static CudaGraph capture(Stream stream, Runnable work) {
        CudaContext context = stream.context();
        stream.beginCapture();
        try {
            work.run();
        } catch (RuntimeException | Error failure) {
            stream.abandonCapture();
            throw failure;
        }
        MemorySegment graph = stream.endCapture();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
            context.check(
                    Cuda.cuGraphGetNodes(graph, MemorySegment.NULL, count), "cuGraphGetNodes", "the recorded work");
            MemorySegment executable = arena.allocate(ValueLayout.ADDRESS);
            context.check(
                    Cuda.cuGraphInstantiateWithFlags(executable, graph, 0), "cuGraphInstantiate", "the recorded work");
            return new CudaGraph(stream, executable.get(ValueLayout.ADDRESS, 0), count.get(ValueLayout.JAVA_LONG, 0));
        } finally {
            context.checkClosing(Cuda.cuGraphDestroy(graph), "cuGraphDestroy", "the recorded work");
        }
    }

    /** Queues all of it. */
    public void replay() {
        context().enter();
        context().check(Cuda.cuGraphLaunch(handle(), stream.handle()), "cuGraphLaunch", nodes + " nodes");
    }

    /** Kernels, copies and fills in it. */
    public long nodes() {
        return nodes;
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuGraphExecDestroy(handle), "cuGraphExecDestroy", this);
    }
}

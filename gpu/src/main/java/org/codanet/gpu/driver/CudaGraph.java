package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/**
 * A captured CUDA graph: launches, copies and fills that one call of the driver replays. A replay uses the addresses of the capture, and
 * reads the values that these addresses hold at the time of the replay. The driver needs about 2 µs for each launch. Replaying a pass as
 * a graph saves that time for all launches but one.
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
     * Captures what {@code work} queues on the stream; nothing runs yet. The work must have run eagerly before with the same shapes,
     * because a capture must not compile, allocate or wait.
     *
     * @throws IllegalStateException if {@code work} does one of these; thrown by the call that does it
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
                    Cuda.cuGraphGetNodes(graph, MemorySegment.NULL, count), "cuGraphGetNodes", "the captured pass");
            MemorySegment executable = arena.allocate(ValueLayout.ADDRESS);
            context.check(
                    Cuda.cuGraphInstantiateWithFlags(executable, graph, 0), "cuGraphInstantiate", "the captured pass");
            return new CudaGraph(stream, executable.get(ValueLayout.ADDRESS, 0), count.get(ValueLayout.JAVA_LONG, 0));
        } finally {
            context.checkClosing(Cuda.cuGraphDestroy(graph), "cuGraphDestroy", "the captured pass");
        }
    }

    /** Queues the whole graph. */
    public void replay() {
        context().enter();
        context().check(Cuda.cuGraphLaunch(handle(), stream.handle()), "cuGraphLaunch", nodes + " nodes");
    }

    /** Number of nodes: kernel launches, copies and fills. */
    public long nodes() {
        return nodes;
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuGraphExecDestroy(handle), "cuGraphExecDestroy", this);
    }
}

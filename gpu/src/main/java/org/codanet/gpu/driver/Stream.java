package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/** A queue of work that runs in order, beside the calling thread and the driver's default stream. */
public final class Stream extends Handle {
    private Stream(CudaContext context, MemorySegment handle) {
        super(context, "stream", handle);
    }

    /** A new, empty stream. */
    public static Stream create(CudaContext context) {
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuStreamCreate(out, Cuda.CU_STREAM_NON_BLOCKING()), "cuStreamCreate", "a stream");
            return new Stream(context, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    /** Waits until all work queued has run; reports what went wrong in it. */
    public void synchronize() {
        context().enter();
        context().check(Cuda.cuStreamSynchronize(handle()), "cuStreamSynchronize", "the work queued");
    }

    /** Begins to record what is queued instead of running it. */
    void beginCapture() {
        context().enter();
        context()
                .check(
                        Cuda.cuStreamBeginCapture_v2(handle(), Cuda.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()),
                        "cuStreamBeginCapture",
                        "the stream");
    }

    /** Ends {@link #beginCapture}; the graph is the caller's to destroy, and null if the capture was broken by an error. */
    MemorySegment endCapture() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context().check(Cuda.cuStreamEndCapture(handle(), out), "cuStreamEndCapture", "the stream");
            return out.get(ValueLayout.ADDRESS, 0);
        }
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuStreamDestroy_v2(handle), "cuStreamDestroy", this);
    }
}

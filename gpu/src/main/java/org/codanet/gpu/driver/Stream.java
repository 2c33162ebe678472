package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/** A queue of work for the device. The work runs in order, asynchronously to the calling thread and to the driver's default stream. */
public final class Stream extends Handle {
    private boolean capturing;

    private Stream(CudaContext context, MemorySegment handle) {
        super(context, "stream", handle);
    }

    /** Creates a stream without work. */
    public static Stream create(CudaContext context) {
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuStreamCreate(out, Cuda.CU_STREAM_NON_BLOCKING()), "cuStreamCreate", "a stream");
            return new Stream(context, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    /** Waits until all queued work has run. @throws CudaException if any of it failed */
    public void synchronize() {
        refuseDuringCapture("wait");
        context().enter();
        context().check(Cuda.cuStreamSynchronize(handle()), "cuStreamSynchronize", "the queued work");
    }

    /** Like {@link #synchronize}, for code that is about to free resources of the queued work. Ignores failures on an unusable device. */
    public void drain() {
        context().enterToClose();
        context().checkClosing(Cuda.cuStreamSynchronize(handle()), "cuStreamSynchronize", "the queued work");
    }

    /** Queues a fill of {@code words} floats with one value. */
    public void fill(DevicePointer to, float value, long words) {
        to.require(Math.multiplyExact(words, Float.BYTES), "cuMemsetD32Async");
        context().enter();
        int status = Cuda.cuMemsetD32Async(to.address(), Float.floatToRawIntBits(value), words, handle());
        if (status != Cuda.CUDA_SUCCESS()) {
            context().check(status, "cuMemsetD32Async", words + " floats");
        }
    }

    /** Queues a copy of all of {@code from} to another place on the device. */
    public void copy(DevicePointer from, DevicePointer to) {
        to.require(from.bytes(), "cuMemcpyDtoDAsync");
        context().enter();
        int status = Cuda.cuMemcpyDtoDAsync_v2(to.address(), from.address(), from.bytes(), handle());
        if (status != Cuda.CUDA_SUCCESS()) {
            context().check(status, "cuMemcpyDtoDAsync", from.bytes() + " bytes");
        }
    }

    /** Queues a copy of all of {@code from} to the device. {@code from} must be pinned and must not change before the copy has run. */
    public void upload(MemorySegment from, DevicePointer to) {
        to.require(from.byteSize(), "cuMemcpyHtoDAsync");
        int status = Cuda.cuMemcpyHtoDAsync_v2(to.address(), from, from.byteSize(), handle());
        if (status != Cuda.CUDA_SUCCESS()) {
            context().check(status, "cuMemcpyHtoDAsync", from.byteSize() + " bytes");
        }
    }

    /** Queues a copy of all of {@code from} to pinned host memory. */
    public void download(DevicePointer from, MemorySegment to) {
        int status = Cuda.cuMemcpyDtoHAsync_v2(to, from.address(), from.bytes(), handle());
        if (status != Cuda.CUDA_SUCCESS()) {
            context().check(status, "cuMemcpyDtoHAsync", from.bytes() + " bytes");
        }
    }

    /**
     * @param what completes the sentence "a captured pass may not ..." in the message
     * @throws IllegalStateException during a capture
     */
    public void refuseDuringCapture(String what) {
        if (capturing) {
            throw new IllegalStateException(context().name() + ": a captured pass may not " + what
                    + "; do it before the pass is captured or replayed");
        }
    }

    /** Begins a graph capture. Work that is queued from now on is recorded in the graph and does not run. */
    void beginCapture() {
        refuseDuringCapture("capture another");
        context().enter();
        context()
                .check(
                        Cuda.cuStreamBeginCapture_v2(handle(), Cuda.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()),
                        "cuStreamBeginCapture",
                        "the stream");
        capturing = true;
    }

    /** Ends the capture and returns the graph, which the caller destroys. */
    MemorySegment endCapture() {
        capturing = false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context().check(Cuda.cuStreamEndCapture(handle(), out), "cuStreamEndCapture", "the stream");
            return out.get(ValueLayout.ADDRESS, 0);
        }
    }

    /** Ends a capture whose work failed, and discards the graph. */
    void abandonCapture() {
        capturing = false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            // The call fails if the failure has invalidated the capture, but it ends the capture in any case.
            int ignored = Cuda.cuStreamEndCapture(handle(), out);
            MemorySegment graph = out.get(ValueLayout.ADDRESS, 0);
            if (graph.address() != 0) {
                context().checkClosing(Cuda.cuGraphDestroy(graph), "cuGraphDestroy", "the captured pass");
            }
        }
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuStreamDestroy_v2(handle), "cuStreamDestroy", this);
    }
}

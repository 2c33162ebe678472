package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/** A marker in a stream. It is reached when all work queued before it has run. */
public final class Event extends Handle {
    private Event(CudaContext context, MemorySegment handle) {
        super(context, "event", handle);
    }

    /** An event that no stream has recorded yet; {@link #await} returns at once. */
    public static Event create(CudaContext context) {
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuEventCreate(out, Cuda.CU_EVENT_DEFAULT()), "cuEventCreate", "an event");
            return new Event(context, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    /** Places the marker after the work that the stream has queued so far. */
    public void record(Stream stream) {
        context().check(Cuda.cuEventRecord(handle(), stream.handle()), "cuEventRecord", this);
    }

    /** Waits until the stream has reached the marker. */
    public void await() {
        context().check(Cuda.cuEventSynchronize(handle()), "cuEventSynchronize", this);
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuEventDestroy_v2(handle), "cuEventDestroy", this);
    }
}

package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/** Page-locked host memory, from and to which the device can copy asynchronously. */
public final class PinnedMemory extends Handle {
    private final MemorySegment segment;

    private PinnedMemory(CudaContext context, MemorySegment segment) {
        super(context, "pinned memory", segment);
        this.segment = segment;
    }

    /** Allocates pinned memory with undefined contents. */
    public static PinnedMemory allocate(CudaContext context, long bytes) {
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuMemHostAlloc(out, bytes, 0), "cuMemHostAlloc", bytes + " bytes of pinned memory");
            return new PinnedMemory(context, out.get(Cuda.C_POINTER, 0).asSlice(0, bytes));
        }
    }

    /** The memory. @throws IllegalStateException if this is closed */
    public MemorySegment segment() {
        handle();
        return segment;
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuMemFreeHost(handle), "cuMemFreeHost", this);
    }
}

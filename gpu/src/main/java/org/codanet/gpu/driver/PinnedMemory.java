package org.codanet.gpu.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/** Host memory that the device reads and writes by itself, while the processor does something else. */
public final class PinnedMemory extends Handle {
    private final MemorySegment segment;

    private PinnedMemory(CudaContext context, MemorySegment segment) {
        super(context, "pinned memory", segment);
        this.segment = segment;
    }

    /** That many bytes, contents undefined. */
    public static PinnedMemory allocate(CudaContext context, long bytes) {
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuMemHostAlloc(out, bytes, 0), "cuMemHostAlloc", bytes + " bytes of pinned memory");
            return new PinnedMemory(context, out.get(Cuda.C_POINTER, 0).asSlice(0, bytes));
        }
    }

    /** The bytes. */
    public MemorySegment segment() {
        handle();
        return segment;
    }

    @Override
    protected void destroy(MemorySegment handle) {
        context().checkClosing(Cuda.cuMemFreeHost(handle), "cuMemFreeHost", this);
    }
}

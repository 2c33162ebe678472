package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;
import org.codanet.bindings.cuda.Cuda;

/** Frees pinned memory without {@link PinnedMemory}, for tests of the simulated machine. */
public final class HostMemory {
    private HostMemory() {}

    /** Frees pinned memory. Returns whether the driver succeeded. */
    public static boolean free(MemorySegment memory) {
        return Cuda.cuMemFreeHost(memory) == Cuda.CUDA_SUCCESS();
    }
}

package org.codanet.gpu.driver;

/** Temporary device memory that the operations of one stream share. Each uses it for the duration of one call. It grows as needed. */
public final class Workspace implements AutoCloseable {
    private static final String OWNER = "workspace";

    private final MemoryPool pool;
    private MemoryPool.Block block;

    public Workspace(MemoryPool pool) {
        this.pool = pool;
    }

    /**
     * The first {@code bytes} bytes, with undefined contents; {@link DevicePointer#NULL} for 0. If the workspace grows, ranges that were
     * returned earlier become invalid.
     */
    public DevicePointer take(long bytes) {
        if (bytes == 0) {
            return DevicePointer.NULL;
        }
        if (block == null || block.bytes() < bytes) {
            pool.refuseDuringCapture();
            close();
            block = pool.reserve(bytes, OWNER);
        }
        return block.pointer().slice(0, bytes);
    }

    /** Size in bytes. */
    public long bytes() {
        return block == null ? 0 : block.bytes();
    }

    /** Frees the memory. The workspace can be used again. */
    @Override
    public void close() {
        if (block != null) {
            MemoryPool.Block last = block;
            block = null;
            last.release();
        }
    }
}

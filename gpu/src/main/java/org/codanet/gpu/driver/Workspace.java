package org.codanet.gpu.driver;

/** Temporary device memory. The operations of one stream use it one after the other, each for one call. It grows as needed. */
public final class Workspace implements AutoCloseable {
    private static final String OWNER = "workspace";

    private final MemoryPool pool;
    private MemoryPool.Block block;

    public Workspace(MemoryPool pool) {
        this.pool = pool;
    }

    /** The first {@code bytes} bytes, contents undefined; null for 0. Growing invalidates the ranges returned earlier. */
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

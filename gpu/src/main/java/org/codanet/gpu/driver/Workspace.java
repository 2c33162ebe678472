package org.codanet.gpu.driver;

/** Device memory that operations of one stream use one after the other, for the length of a call. It only grows. */
public final class Workspace implements AutoCloseable {
    private static final String OWNER = "workspace";

    private final MemoryPool pool;
    private MemoryPool.Block block;

    public Workspace(MemoryPool pool) {
        this.pool = pool;
    }

    /** That many bytes, contents undefined; null for none. A range that was handed out before is no longer valid if the workspace grew. */
    public DevicePointer take(long bytes) {
        if (bytes == 0) {
            return DevicePointer.NULL;
        }
        atLeast(bytes);
        return block.pointer().slice(0, bytes);
    }

    /** Address of at least that many bytes, contents undefined; what was handed out before is no longer valid if it grew. */
    public long atLeast(long bytes) {
        if (block == null || block.bytes() < bytes) {
            pool.refuseWhileRecording();
            close();
            block = pool.reserve(bytes, OWNER);
        }
        return block.address();
    }

    /** Bytes held. */
    public long bytes() {
        return block == null ? 0 : block.bytes();
    }

    /** Gives all back; it can grow again. */
    @Override
    public void close() {
        if (block != null) {
            MemoryPool.Block last = block;
            block = null;
            last.release();
        }
    }
}

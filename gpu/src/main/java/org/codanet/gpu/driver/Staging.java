package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;

/**
 * Copies between arrays and device memory through two pinned buffers, so that filling one overlaps with the copy from the
 * other. A buffer is filled again only after the copy from it has run.
 */
public final class Staging implements AutoCloseable {
    private static final int BYTES = 4 << 20;

    private final Stream stream;
    private final PinnedMemory[] buffers = new PinnedMemory[2];
    private final Event[] copied = new Event[2];
    private int next;

    public Staging(Stream stream) {
        this.stream = stream;
    }

    /** Copies {@code count} floats to the device; returns once the array may be reused. */
    public void upload(float[] source, long destination, long count) {
        stream.refuseWhileRecording("upload");
        for (long from = 0; from < count; ) {
            int length = (int) Math.min(BYTES / Float.BYTES, count - from);
            int slot = slot();
            MemorySegment buffer = buffers[slot].segment();
            MemorySegment.copy(source, (int) from, buffer, ValueLayout.JAVA_FLOAT, 0, length);
            send(buffer, destination + from * Float.BYTES, (long) length * Float.BYTES, slot);
            from += length;
        }
    }

    /** Copies {@code count} bytes to the device; returns once the array may be reused. */
    public void upload(byte[] source, long destination, long count) {
        stream.refuseWhileRecording("upload");
        for (long from = 0; from < count; ) {
            int length = (int) Math.min(BYTES, count - from);
            int slot = slot();
            MemorySegment buffer = buffers[slot].segment();
            MemorySegment.copy(source, (int) from, buffer, ValueLayout.JAVA_BYTE, 0, length);
            send(buffer, destination + from, length, slot);
            from += length;
        }
    }

    /** Copies a small table to the device; returns once the segment may be reused. */
    public void upload(MemorySegment source, long destination) {
        stream.refuseWhileRecording("upload");
        if (source.byteSize() > BYTES) {
            throw new IllegalArgumentException("staging: " + source.byteSize() + " bytes, there is room for " + BYTES);
        }
        int slot = slot();
        MemorySegment.copy(source, 0, buffers[slot].segment(), 0, source.byteSize());
        send(buffers[slot].segment(), destination, source.byteSize(), slot);
    }

    private void send(MemorySegment buffer, long destination, long bytes, int slot) {
        stream.context()
                .check(
                        Cuda.cuMemcpyHtoDAsync_v2(destination, buffer, bytes, stream.handle()),
                        "cuMemcpyHtoDAsync",
                        bytes + " bytes");
        copied[slot].record(stream);
    }

    /** Copies {@code count} floats from the device; waits for the work queued before. */
    public void download(long source, float[] destination, long count) {
        stream.refuseWhileRecording("download");
        for (long from = 0; from < count; ) {
            int length = (int) Math.min(BYTES / Float.BYTES, count - from);
            MemorySegment buffer = buffers[slot()].segment();
            long bytes = (long) length * Float.BYTES;
            stream.context()
                    .check(
                            Cuda.cuMemcpyDtoHAsync_v2(buffer, source + from * Float.BYTES, bytes, stream.handle()),
                            "cuMemcpyDtoHAsync",
                            bytes + " bytes");
            stream.synchronize();
            MemorySegment.copy(buffer, ValueLayout.JAVA_FLOAT, 0, destination, (int) from, length);
            from += length;
        }
    }

    /** The next buffer, free to be written. */
    private int slot() {
        stream.context().enter();
        int slot = next;
        next = 1 - next;
        if (buffers[slot] == null) {
            buffers[slot] = PinnedMemory.allocate(stream.context(), BYTES);
            copied[slot] = Event.create(stream.context());
        } else {
            copied[slot].await();
        }
        return slot;
    }

    @Override
    public void close() {
        for (int slot = 0; slot < buffers.length; slot++) {
            if (copied[slot] != null) {
                copied[slot].close();
            }
            if (buffers[slot] != null) {
                buffers[slot].close();
            }
        }
    }
}

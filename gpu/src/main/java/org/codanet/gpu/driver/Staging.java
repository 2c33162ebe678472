package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Copies between Java arrays and device memory through two pinned buffers (double buffering): while the device copies from one
 * buffer, the other is filled. A buffer is reused only after the copy from it has run.
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

    /** Fills a range of the device from the start of an array; returns once the array may be reused. */
    public void upload(float[] source, DevicePointer destination) {
        long count = destination.bytes() / Float.BYTES;
        stream.refuseDuringCapture("upload");
        for (long from = 0; from < count; ) {
            int length = (int) Math.min(BYTES / Float.BYTES, count - from);
            int slot = slot();
            MemorySegment buffer = buffers[slot].segment();
            MemorySegment.copy(source, (int) from, buffer, ValueLayout.JAVA_FLOAT, 0, length);
            send(buffer.asSlice(0, (long) length * Float.BYTES), destination.floatsFrom(from), slot);
            from += length;
        }
    }

    /** Fills a range of the device from the start of an array; returns once the array may be reused. */
    public void upload(byte[] source, DevicePointer destination) {
        long count = destination.bytes();
        stream.refuseDuringCapture("upload");
        for (long from = 0; from < count; ) {
            int length = (int) Math.min(BYTES, count - from);
            int slot = slot();
            MemorySegment buffer = buffers[slot].segment();
            MemorySegment.copy(source, (int) from, buffer, ValueLayout.JAVA_BYTE, 0, length);
            send(buffer.asSlice(0, length), destination.from(from), slot);
            from += length;
        }
    }

    /** Copies a table of at most 4 MiB to the device; returns once the segment may be reused. */
    public void upload(MemorySegment source, DevicePointer destination) {
        stream.refuseDuringCapture("upload");
        if (source.byteSize() > BYTES) {
            throw new IllegalArgumentException(
                    "staging: " + source.byteSize() + " bytes do not fit its buffer of " + BYTES);
        }
        int slot = slot();
        MemorySegment.copy(source, 0, buffers[slot].segment(), 0, source.byteSize());
        send(buffers[slot].segment().asSlice(0, source.byteSize()), destination, slot);
    }

    private void send(MemorySegment bytes, DevicePointer destination, int slot) {
        stream.upload(bytes, destination);
        copied[slot].record(stream);
    }

    /** Copies a range of the device to the start of an array; waits for all work queued before. */
    public void download(DevicePointer source, float[] destination) {
        long count = source.bytes() / Float.BYTES;
        stream.refuseDuringCapture("download");
        for (long from = 0; from < count; ) {
            int length = (int) Math.min(BYTES / Float.BYTES, count - from);
            MemorySegment buffer = buffers[slot()].segment();
            stream.download(source.floats(from, length), buffer);
            stream.synchronize();
            MemorySegment.copy(buffer, ValueLayout.JAVA_FLOAT, 0, destination, (int) from, length);
            from += length;
        }
    }

    /** Index of the next buffer. Waits until no copy uses it any more. */
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

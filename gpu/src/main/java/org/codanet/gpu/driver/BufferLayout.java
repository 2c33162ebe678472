package org.codanet.gpu.driver;

/**
 * Divides a range of device memory into consecutive buffers. To find out how large a workspace must be, the same code runs on a layout
 * without memory ({@link #measuring}).
 */
public final class BufferLayout {
    /** Start address of a layout without memory. No memory is ever read or written there. */
    private static final DevicePointer NOWHERE = new DevicePointer(1L << 20, Long.MAX_VALUE >> 1);

    private final DevicePointer whole;
    private final long alignment;
    private long end;

    private BufferLayout(DevicePointer whole, long alignment) {
        this.whole = whole;
        this.alignment = alignment;
    }

    /** @param alignment bytes; the offset of each buffer in {@code whole} is a multiple of it */
    public static BufferLayout of(DevicePointer whole, long alignment) {
        return new BufferLayout(whole, alignment);
    }

    /** A layout without memory, which only counts the bytes of its buffers. */
    public static BufferLayout measuring(long alignment) {
        return new BufferLayout(NOWHERE, alignment);
    }

    /** The next buffer. @throws IndexOutOfBoundsException if it does not fit into the range */
    public DevicePointer bytes(long count) {
        DevicePointer buffer = whole.slice(end, count);
        end += Math.ceilDiv(count, alignment) * alignment;
        return buffer;
    }

    /** The next buffer, with {@code count} floats. */
    public DevicePointer floats(long count) {
        return bytes(Math.multiplyExact(count, Float.BYTES));
    }

    /** Bytes of all buffers so far, including the padding for alignment. */
    public long bytes() {
        return end;
    }
}

package org.codanet.gpu.driver;

/**
 * Cuts a range of device memory into buffers, one behind the other. The same code that cuts a workspace finds out how large it has
 * to be, on a layout without memory ({@link #measuring}).
 */
public final class BufferLayout {
    /** Where a layout without memory begins; nothing is ever read or written there. */
    private static final DevicePointer NOWHERE = new DevicePointer(1L << 20, Long.MAX_VALUE >> 1);

    private final DevicePointer whole;
    private final long alignment;
    private long end;

    private BufferLayout(DevicePointer whole, long alignment) {
        this.whole = whole;
        this.alignment = alignment;
    }

    /** @param alignment each buffer begins at a multiple of so many bytes from the start of {@code whole} */
    public static BufferLayout of(DevicePointer whole, long alignment) {
        return new BufferLayout(whole, alignment);
    }

    /** A layout whose buffers are only counted. */
    public static BufferLayout measuring(long alignment) {
        return new BufferLayout(NOWHERE, alignment);
    }

    /** The next buffer. @throws IndexOutOfBoundsException if it does not fit into the range */
    public DevicePointer bytes(long count) {
        DevicePointer buffer = whole.slice(end, count);
        end += Math.ceilDiv(count, alignment) * alignment;
        return buffer;
    }

    /** The next buffer, of floats. */
    public DevicePointer floats(long count) {
        return bytes(Math.multiplyExact(count, Float.BYTES));
    }

    /** Bytes of all buffers so far, with what aligns them. */
    public long bytes() {
        return end;
    }
}

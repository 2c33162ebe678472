package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A range of device memory: where it begins and how many bytes it has. A part of a range is checked against the range, so that an
 * offset that is wrong fails where it is computed and not in a kernel.
 *
 * @param address the first byte on the device; 0 only for {@link #NULL}
 * @param bytes extent
 */
public record DevicePointer(long address, long bytes) {
    /** The null pointer: what a kernel gets for an output that is not wanted. It has no part. */
    public static final DevicePointer NULL = new DevicePointer(0, 0);

    /** @throws IllegalArgumentException if the extent is negative, or the address is null and the extent is not 0 */
    public DevicePointer {
        if (bytes < 0 || address < 0 || (address == 0 && bytes != 0)) {
            throw new IllegalArgumentException(
                    "device memory: " + bytes + " bytes at address 0x" + Long.toHexString(address));
        }
    }

    /** Whether this is {@link #NULL}. */
    public boolean isNull() {
        return address == 0;
    }

    /**
     * A part of this range.
     *
     * @throws IndexOutOfBoundsException if it is not inside this range
     */
    public DevicePointer slice(long offset, long length) {
        if (isNull()) {
            throw new IndexOutOfBoundsException("device memory: the null pointer has no part of " + length + " bytes");
        }
        Objects.checkFromIndexSize(offset, length, bytes);
        return new DevicePointer(address + offset, length);
    }

    /** The rest of this range from a byte on. @throws IndexOutOfBoundsException if it begins behind the end */
    public DevicePointer from(long offset) {
        return slice(offset, bytes - offset);
    }

    /** {@code count} floats from the float with index {@code first} on. @throws IndexOutOfBoundsException as {@link #slice} */
    public DevicePointer floats(long first, long count) {
        return slice(Math.multiplyExact(first, Float.BYTES), Math.multiplyExact(count, Float.BYTES));
    }

    /** The rest of this range from the float with index {@code first} on. */
    public DevicePointer floatsFrom(long first) {
        return from(Math.multiplyExact(first, Float.BYTES));
    }

    /**
     * This, if it has at least so many bytes.
     *
     * @param role what it is, for the message
     * @throws IllegalArgumentException if it is shorter
     */
    public DevicePointer require(long atLeast, String role) {
        if (bytes < atLeast) {
            throw new IllegalArgumentException(role + ": " + atLeast + " bytes are needed, the range has " + bytes);
        }
        return this;
    }

    /** The address for a function of a library. */
    public MemorySegment segment() {
        return MemorySegment.ofAddress(address);
    }
}

package org.codanet.gpu.driver;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A range of device memory: its start address and its size in bytes. Slices are bounds-checked, so a wrong offset fails where it is
 * computed and not in a kernel.
 *
 * @param address the first byte on the device; 0 only for {@link #NULL}
 * @param bytes size of the range
 */
public record DevicePointer(long address, long bytes) {
    /** The null pointer, which is passed to a kernel for an output that is not needed. It cannot be sliced. */
    public static final DevicePointer NULL = new DevicePointer(0, 0);

    /** @throws IllegalArgumentException if the size is negative, or if the address is 0 and the size is not */
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

    /**
     * The part of this range from byte {@code offset} to the end.
     *
     * @throws IndexOutOfBoundsException if {@code offset} is past the end
     */
    public DevicePointer from(long offset) {
        return slice(offset, bytes - offset);
    }

    /** The {@code count} floats that start at index {@code first}. @throws IndexOutOfBoundsException as {@link #slice} */
    public DevicePointer floats(long first, long count) {
        return slice(Math.multiplyExact(first, Float.BYTES), Math.multiplyExact(count, Float.BYTES));
    }

    /** The part of this range from the float with index {@code first} to the end. */
    public DevicePointer floatsFrom(long first) {
        return from(Math.multiplyExact(first, Float.BYTES));
    }

    /**
     * Returns this range if it has at least {@code atLeast} bytes.
     *
     * @param role what the range is used for, for the message
     * @throws IllegalArgumentException if it is shorter
     */
    public DevicePointer require(long atLeast, String role) {
        if (bytes < atLeast) {
            throw new IllegalArgumentException(role + ": " + atLeast + " bytes are needed, the range has " + bytes);
        }
        return this;
    }

    /** The address as an argument for a native function. */
    public MemorySegment segment() {
        return MemorySegment.ofAddress(address);
    }
}

package org.codanet.file;

import java.util.Optional;

/** The element types of arrays in files, under their safetensors names. All are little-endian. */
public enum ElementType {
    /** IEEE double. */
    F64(8, "<f8"),
    /** IEEE float. */
    F32(4, "<f4"),
    /** IEEE half: 5 exponent bits, 10 fraction bits. */
    F16(2, "<f2"),
    /** The upper half of a float: 8 exponent bits, 7 fraction bits. NumPy has no such type. */
    BF16(2, ""),
    /** Signed 64-bit integer. */
    I64(8, "<i8"),
    /** Signed 32-bit integer. */
    I32(4, "<i4"),
    /** Signed 16-bit integer. */
    I16(2, "<i2"),
    /** Signed byte. */
    I8(1, "|i1"),
    /** Unsigned 64-bit integer. */
    U64(8, "<u8"),
    /** Unsigned 32-bit integer. */
    U32(4, "<u4"),
    /** Unsigned 16-bit integer. */
    U16(2, "<u2"),
    /** Unsigned byte, 0..255. */
    U8(1, "|u1"),
    /** A byte that is 0 or 1. */
    BOOL(1, "|b1");

    private final int bytes;
    private final String numpyName;

    ElementType(int bytes, String numpyName) {
        this.bytes = bytes;
        this.numpyName = numpyName;
    }

    /** {@return the size of one element in bytes} */
    public int bytes() {
        return bytes;
    }

    /** {@return whether this type can hold NaN and infinities} */
    public boolean isFloating() {
        return switch (this) {
            case F64, F32, F16, BF16 -> true;
            default -> false;
        };
    }

    /** {@return NumPy's name of this type, such as {@code <f4}; empty if NumPy has no such type} */
    public String numpyName() {
        return numpyName;
    }

    /** {@return the type with this safetensors name; empty if there is none} */
    public static Optional<ElementType> named(String name) {
        for (ElementType type : values()) {
            if (type.name().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** {@return the type with this NumPy name; empty if there is none} */
    public static Optional<ElementType> ofNumpyName(String name) {
        for (ElementType type : values()) {
            if (!type.numpyName.isEmpty() && type.numpyName.equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}

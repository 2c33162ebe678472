package org.codanet.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * An array of numbers as a file stores it: element type, extents, and values in row-major order. Immutable; the values are on the
 * heap.
 *
 * <p>The values keep the element type of the file. {@link #toFloats}, {@link #toDoubles} and {@link #toLongs} return converted
 * copies. A scalar has no extents and one element.
 */
public final class TensorData {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ElementType type;
    private final List<Integer> shape;
    private final byte[] bytes;
    private final MemorySegment values;

    private TensorData(ElementType type, List<Integer> shape, byte[] bytes) {
        this.type = type;
        this.shape = List.copyOf(shape);
        this.bytes = bytes;
        this.values = MemorySegment.ofArray(bytes);
        long wanted = Math.multiplyExact(elements(this.shape), type.bytes());
        if (wanted != bytes.length) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "tensor of %s %s takes %d bytes, given are %d",
                    type,
                    shapeText(this.shape),
                    wanted,
                    bytes.length));
        }
    }

    /**
     * {@return an F32 array of these values}
     *
     * @param shape the extents; their product is the number of values
     * @param values row-major; copied
     * @throws IllegalArgumentException if the extents and the number of values disagree
     */
    public static TensorData ofFloats(List<Integer> shape, float[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Float.BYTES)];
        MemorySegment.copy(values, 0, MemorySegment.ofArray(bytes), FLOAT, 0, values.length);
        return new TensorData(ElementType.F32, shape, bytes);
    }

    /**
     * {@return an F64 array of these values}
     *
     * @param shape the extents; their product is the number of values
     * @param values row-major; copied
     * @throws IllegalArgumentException if the extents and the number of values disagree
     */
    public static TensorData ofDoubles(List<Integer> shape, double[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Double.BYTES)];
        MemorySegment.copy(values, 0, MemorySegment.ofArray(bytes), DOUBLE, 0, values.length);
        return new TensorData(ElementType.F64, shape, bytes);
    }

    /**
     * {@return an I64 array of these values}
     *
     * @param shape the extents; their product is the number of values
     * @param values row-major; copied
     * @throws IllegalArgumentException if the extents and the number of values disagree
     */
    public static TensorData ofLongs(List<Integer> shape, long[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Long.BYTES)];
        MemorySegment.copy(values, 0, MemorySegment.ofArray(bytes), LONG, 0, values.length);
        return new TensorData(ElementType.I64, shape, bytes);
    }

    /**
     * {@return a U8 array of these values}
     *
     * @param shape the extents; their product is the number of values
     * @param values row-major, unsigned bytes 0..255; copied
     * @throws IllegalArgumentException if the extents and the number of values disagree
     */
    public static TensorData ofBytes(List<Integer> shape, byte[] values) {
        return new TensorData(ElementType.U8, shape, values.clone());
    }

    /** {@return an array that takes ownership of these little-endian bytes; the caller must not change them afterwards} */
    public static TensorData ofRaw(ElementType type, List<Integer> shape, byte[] bytes) {
        return new TensorData(type, shape, bytes);
    }

    /** {@return the number of elements of these extents} */
    public static long elements(List<Integer> shape) {
        long count = 1;
        for (int extent : shape) {
            if (extent < 0) {
                throw new IllegalArgumentException("tensor shape " + shapeText(shape) + " has a negative extent");
            }
            count = Math.multiplyExact(count, extent);
        }
        return count;
    }

    /** {@return the extents as text for error messages, such as {@code (2, 3)}} */
    public static String shapeText(List<? extends Number> shape) {
        String inner = shape.toString();
        return "(" + inner.substring(1, inner.length() - 1) + ")";
    }

    /** {@return the type of the elements in the file} */
    public ElementType type() {
        return type;
    }

    /** {@return the extents, outermost first; empty for a scalar} */
    public List<Integer> shape() {
        return shape;
    }

    /** {@return the number of elements} */
    public int count() {
        return bytes.length / type.bytes();
    }

    /** {@return the little-endian bytes, not a copy; intended for the writers in the packages below this one, which do not change them} */
    public byte[] rawBytes() {
        return bytes;
    }

    /** {@return a new array of the values; F64 and integers are rounded to the nearest float} */
    public float[] toFloats() {
        float[] result = new float[count()];
        if (type == ElementType.F32) {
            MemorySegment.copy(values, FLOAT, 0, result, 0, result.length);
        } else {
            for (int i = 0; i < result.length; i++) {
                result[i] = type.isFloating() || type == ElementType.U64 ? (float) doubleAt(i) : (float) longAt(i);
            }
        }
        return result;
    }

    /** {@return a new array of the values; exact for every type except I64 and U64 beyond 2^53} */
    public double[] toDoubles() {
        double[] result = new double[count()];
        for (int i = 0; i < result.length; i++) {
            result[i] = doubleAt(i);
        }
        return result;
    }

    /**
     * {@return a new array of the values of an integer type; U64 values beyond 2^63 - 1 become negative}
     *
     * @throws IllegalStateException if the elements are floating point
     */
    public long[] toLongs() {
        if (type.isFloating()) {
            throw new IllegalStateException("integers asked of a tensor of " + type + " " + shapeText(shape));
        }
        long[] result = new long[count()];
        for (int i = 0; i < result.length; i++) {
            result[i] = longAt(i);
        }
        return result;
    }

    /**
     * {@return a new array of the bytes of a U8, I8 or BOOL array}
     *
     * @throws IllegalStateException if an element is not one byte
     */
    public byte[] toBytes() {
        if (type.bytes() != 1) {
            throw new IllegalStateException("bytes asked of a tensor of " + type + " " + shapeText(shape));
        }
        return bytes.clone();
    }

    /** {@return this array as F32: the same object if it is F32 already, otherwise a copy with each value rounded to the nearest float} */
    public TensorData toFloat32() {
        return type == ElementType.F32 ? this : ofFloats(shape, toFloats());
    }

    /** {@return whether every value is finite; always true for an integer type} */
    public boolean isFinite() {
        if (type.isFloating()) {
            int count = count();
            for (int i = 0; i < count; i++) {
                if (!Double.isFinite(doubleAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }

    private double doubleAt(int index) {
        return switch (type) {
            case F64 -> values.getAtIndex(DOUBLE, index);
            case F32 -> values.getAtIndex(FLOAT, index);
            case F16 -> Float.float16ToFloat(values.getAtIndex(SHORT, index));
            case BF16 -> Float.intBitsToFloat(values.getAtIndex(SHORT, index) << 16);
            case U64 -> unsigned(longAt(index));
            case I64, I32, I16, I8, U32, U16, U8, BOOL -> longAt(index);
        };
    }

    /**
     * {@return the value of these bits as an unsigned integer: large values are halved, with the last bit preserved for rounding, and
     * then doubled}
     */
    private static double unsigned(long bits) {
        return bits >= 0 ? bits : 2.0 * (bits >>> 1 | bits & 1);
    }

    private long longAt(int index) {
        return switch (type) {
            case I64, U64 -> values.getAtIndex(LONG, index);
            case I32 -> values.getAtIndex(INT, index);
            case I16 -> values.getAtIndex(SHORT, index);
            case U32 -> Integer.toUnsignedLong(values.getAtIndex(INT, index));
            case U16 -> Short.toUnsignedLong(values.getAtIndex(SHORT, index));
            case I8 -> bytes[index];
            case U8, BOOL -> Byte.toUnsignedLong(bytes[index]);
            case F64, F32, F16, BF16 -> throw new IllegalStateException("integers asked of a tensor of " + type);
        };
    }

    /** {@return whether the other has the same type, extents and bytes; a NaN therefore equals a NaN with the same bits} */
    @Override
    public boolean equals(Object other) {
        return other instanceof TensorData that
                && type == that.type
                && shape.equals(that.shape)
                && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * type.hashCode() + shape.hashCode()) + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return type + " " + shapeText(shape);
    }
}

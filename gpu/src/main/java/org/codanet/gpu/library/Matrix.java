package org.codanet.gpu.library;

import java.util.Objects;
import org.codanet.gpu.driver.DevicePointer;

/**
 * A row-major matrix of float32 on the device. A transposed matrix has the same memory, read the other way round.
 *
 * @param pointer from the first element to the end of the memory that holds the matrix, or further
 * @param rows rows in memory
 * @param columns columns in memory
 * @param stride the leading dimension: elements from one row in memory to the next, at least {@code columns}
 * @param transposed whether the matrix meant is the transpose of that in memory
 */
public record Matrix(DevicePointer pointer, int rows, int columns, int stride, boolean transposed) {
    /** @throws IllegalArgumentException if an extent is not positive, or the memory is too short */
    public Matrix {
        if (rows < 1 || columns < 1 || stride < columns) {
            throw new IllegalArgumentException(
                    "matrix: " + rows + " rows of " + columns + " columns with a stride of " + stride);
        }
        long bytes = Float.BYTES * ((rows - 1L) * stride + columns);
        if (pointer.bytes() < bytes) {
            throw new IllegalArgumentException("matrix: " + rows + " rows of " + columns + " columns with a stride of "
                    + stride + " need " + bytes + " bytes, the memory has " + pointer.bytes());
        }
    }

    /** A matrix whose rows follow each other without a gap. */
    public static Matrix of(DevicePointer pointer, int rows, int columns) {
        return new Matrix(pointer, rows, columns, columns, false);
    }

    /** The transpose. */
    public Matrix transpose() {
        return new Matrix(pointer, rows, columns, stride, !transposed);
    }

    /** Some columns of the matrix in memory, with the same rows. @throws IndexOutOfBoundsException if it does not have them */
    public Matrix columns(int first, int count) {
        Objects.checkFromIndexSize(first, count, columns);
        return new Matrix(pointer.floatsFrom(first), rows, count, stride, transposed);
    }

    /** Rows of the matrix that is meant. */
    int height() {
        return transposed ? columns : rows;
    }

    /** Columns of the matrix that is meant. */
    int width() {
        return transposed ? rows : columns;
    }

    /** For messages: the extents of the matrix that is meant. */
    @Override
    public String toString() {
        return "(" + height() + ", " + width() + ")";
    }
}

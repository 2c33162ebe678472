package org.codanet.gpu.library;

import java.util.Objects;
import org.codanet.gpu.driver.DevicePointer;

/**
 * A row-major matrix of float32 on the device. A matrix and its transpose share memory; a flag tells them apart.
 *
 * @param pointer a range that begins with the first element and holds at least the whole matrix
 * @param rows rows in memory
 * @param columns columns in memory
 * @param stride leading dimension: elements from the start of one row in memory to the next, at least {@code columns}
 * @param transposed whether this matrix is the transpose of the one in memory
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

    /** A contiguous matrix, whose stride is {@code columns}. */
    public static Matrix of(DevicePointer pointer, int rows, int columns) {
        return new Matrix(pointer, rows, columns, columns, false);
    }

    /** The transpose. */
    public Matrix transpose() {
        return new Matrix(pointer, rows, columns, stride, !transposed);
    }

    /**
     * The {@code count} columns of the matrix in memory that start at column {@code first}.
     *
     * @throws IndexOutOfBoundsException if the matrix does not have them
     */
    public Matrix columns(int first, int count) {
        Objects.checkFromIndexSize(first, count, columns);
        return new Matrix(pointer.floatsFrom(first), rows, count, stride, transposed);
    }

    /** Rows of this matrix, after transposition. */
    int height() {
        return transposed ? columns : rows;
    }

    /** Columns of this matrix, after transposition. */
    int width() {
        return transposed ? rows : columns;
    }

    /** For messages: the extents of this matrix, after transposition. */
    @Override
    public String toString() {
        return "(" + height() + ", " + width() + ")";
    }
}

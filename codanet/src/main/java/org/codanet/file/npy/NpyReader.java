package org.codanet.file.npy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.codanet.file.ElementType;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;

/**
 * Reads a NumPy array a few rows at a time, so that the array may be larger than the heap. A row is the part of the array at one
 * index of the first extent. Not thread-safe.
 */
public final class NpyReader implements Closeable {
    private final FileBytes bytes;
    private final NpyHeader header;
    private int nextRow;

    private NpyReader(FileBytes bytes, NpyHeader header) {
        this.bytes = bytes;
        this.header = header;
    }

    /**
     * {@return a reader before the first row; the caller closes it}
     *
     * @param file the file
     * @throws FileFormatException if it is not a valid .npy file, is in Fortran order, or has an unsupported element type
     * @throws IOException if it cannot be read
     */
    public static NpyReader open(Path file) throws IOException {
        return open(file, NpyFile.ANY_TYPE);
    }

    /**
     * {@return a reader before the first row; the caller closes it}
     *
     * @param file the file
     * @param wanted which element types the caller wants, such as {@code labels are integers}; the message that refuses another
     *     type ends with it
     * @throws FileFormatException if it is not a valid .npy file, is in Fortran order, or has an unsupported element type
     * @throws IOException if it cannot be read
     */
    public static NpyReader open(Path file, String wanted) throws IOException {
        return open(FileBytes.open(file), wanted);
    }

    /** {@return a reader that owns these bytes and closes them} */
    static NpyReader open(FileBytes bytes, String wanted) throws IOException {
        try {
            return new NpyReader(bytes, NpyHeader.read(bytes, wanted));
        } catch (IOException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    /** {@return the name of the array in messages} */
    public String name() {
        return bytes.name();
    }

    /** {@return the type of the elements} */
    public ElementType type() {
        return header.type();
    }

    /** {@return the extents of the whole array} */
    public List<Integer> shape() {
        return header.shape();
    }

    /** {@return the number of rows: the first extent, or 1 for a scalar} */
    public int rows() {
        return header.shape().isEmpty() ? 1 : header.shape().getFirst();
    }

    /** {@return the number of rows not yet read} */
    public int remaining() {
        return rows() - nextRow;
    }

    /**
     * {@return the next rows; the first extent of the result is their number}
     *
     * @param rows the number of rows, at most {@link #remaining}
     * @throws IllegalArgumentException if fewer rows remain
     * @throws IOException if they cannot be read
     */
    public TensorData read(int rows) throws IOException {
        if (rows < 0 || rows > remaining()) {
            throw new IllegalArgumentException(
                    rows + " rows asked of " + bytes.name() + ", " + remaining() + " remain");
        }
        List<Integer> shape = new ArrayList<>(header.shape());
        if (shape.isEmpty()) {
            shape.add(rows);
        } else {
            shape.set(0, rows);
        }
        long rowBytes = NpyFile.rowElements(header.shape()) * header.type().bytes();
        byte[] raw = bytes.read(header.dataStart() + nextRow * rowBytes, rows * rowBytes, rows + " rows");
        header.order(raw);
        nextRow += rows;
        return TensorData.ofRaw(header.type(), shape, raw);
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}

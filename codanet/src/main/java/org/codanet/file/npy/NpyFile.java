package org.codanet.file.npy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.codanet.file.AtomicFile;
import org.codanet.file.ElementType;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;

/**
 * NumPy's {@code .npy} format: one array in a file. Versions 1.0, 2.0 and 3.0 are read, 1.0 is written.
 *
 * <p>The types of {@link ElementType} that NumPy has are read, little-endian or big-endian, in C order. {@link #read} and
 * {@link #write} handle whole arrays. {@link NpyReader} and {@link NpyWriter} handle arrays larger than the heap, a few rows at a time.
 */
public final class NpyFile {
    /** The end of the message that refuses an element type, if the caller does not give its own. */
    static final String ANY_TYPE = "integers, floats and Booleans are read";

    private NpyFile() {}

    /**
     * {@return the array of a file, with the element type of the file}
     *
     * @param file the file
     * @throws FileFormatException if it is not a valid .npy file, is in Fortran order, or has an unsupported element type
     * @throws IOException if it cannot be read
     */
    public static TensorData read(Path file) throws IOException {
        try (FileBytes bytes = FileBytes.open(file)) {
            NpyHeader header = NpyHeader.read(bytes, ANY_TYPE);
            byte[] raw = bytes.read(header.dataStart(), header.dataBytes(), "the array");
            header.order(raw);
            return TensorData.ofRaw(header.type(), header.shape(), raw);
        }
    }

    /**
     * Writes or replaces a file atomically, as {@link AtomicFile} describes.
     *
     * @param file the file
     * @param array the array, of any element type except BF16, which NumPy lacks
     * @throws IOException if it cannot be written; the old file is then unchanged
     * @throws IllegalArgumentException if the array is BF16
     */
    public static void write(Path file, TensorData array) throws IOException {
        byte[] header = NpyHeader.bytes(array.type(), array.shape());
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
            AtomicFile.writeFully(channel, ByteBuffer.wrap(array.rawBytes()));
        });
    }

    /** {@return the number of elements of one row: the product of all extents except the first} */
    static long rowElements(List<Integer> shape) {
        return TensorData.elements(shape.isEmpty() ? shape : shape.subList(1, shape.size()));
    }
}

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
 * <p>Read are the types of {@link ElementType}, little-endian or big-endian, in C order. Whole arrays go through {@link #read} and
 * {@link #write}; arrays larger than the heap through {@link NpyReader} and {@link NpyWriter}, some rows at a time.
 */
public final class NpyFile {
    /** What the message says that refuses an element type where the caller has no wishes. */
    static final String ANY_TYPE = "integers, floats and Booleans are read";

    private NpyFile() {}

    /**
     * {@return the array of a file, with the element type it has there}
     *
     * @param file the file
     * @throws FileFormatException if it is not a sound .npy file, is in Fortran order or of a type not read here
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
     * Writes or replaces a file, in one step as {@link AtomicFile} describes.
     *
     * @param file the file
     * @param array of any element type but BF16, which NumPy lacks
     * @throws IOException if it cannot be written; the old file is then as it was
     * @throws IllegalArgumentException if the array is BF16
     */
    public static void write(Path file, TensorData array) throws IOException {
        byte[] header = NpyHeader.bytes(array.type(), array.shape());
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
            AtomicFile.writeFully(channel, ByteBuffer.wrap(array.rawBytes()));
        });
    }

    /** {@return the number of elements of one row, that is of all extents but the first} */
    static long rowElements(List<Integer> shape) {
        return TensorData.elements(shape.isEmpty() ? shape : shape.subList(1, shape.size()));
    }
}

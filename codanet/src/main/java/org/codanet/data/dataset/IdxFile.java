package org.codanet.data.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.codanet.file.FileFormatException;

/**
 * An array of bytes in the IDX format of MNIST. The file consists of two zero bytes, the byte 8 (unsigned bytes), the number of
 * extents as one byte, the extents as big-endian 32-bit integers, and the values. Source: LeCun, Cortes and Burges, the MNIST
 * database.
 */
final class IdxFile {
    private static final int UNSIGNED_BYTE = 8;
    private final String name;
    private final List<Integer> shape;
    private final byte[] values;

    private IdxFile(String name, List<Integer> shape, byte[] values) {
        this.name = name;
        this.shape = List.copyOf(shape);
        this.values = values;
    }

    /**
     * {@return the array in the uncompressed content of a file}
     *
     * @param extents the number of extents that the array must have
     */
    static IdxFile parse(String name, byte[] content, int extents) throws IOException {
        int header = 4 + 4 * extents;
        if (content.length < header) {
            throw new FileFormatException(
                    name,
                    String.format(
                            Locale.ROOT, "is cut short: it has %d bytes, its header takes %d", content.length, header));
        }
        ByteBuffer bytes = ByteBuffer.wrap(content);
        int magic = bytes.getInt();
        if (magic != (UNSIGNED_BYTE << 8 | extents)) {
            throw new FileFormatException(
                    name,
                    String.format(
                            Locale.ROOT,
                            "is not an IDX file of bytes with %d extents: it begins with 0x%08x, not 0x%08x",
                            extents,
                            magic,
                            UNSIGNED_BYTE << 8 | extents));
        }
        List<Integer> shape = new ArrayList<>();
        long count = 1;
        for (int i = 0; i < extents; i++) {
            int extent = bytes.getInt();
            // Each extent is an int of at least 1, and the product so far is an int. The next product therefore cannot
            // overflow a long.
            if (extent < 1 || count > Integer.MAX_VALUE) {
                throw new FileFormatException(name, "has the impossible extents " + shape + " and " + extent);
            }
            shape.add(extent);
            count *= extent;
        }
        if (count != content.length - header) {
            throw new FileFormatException(
                    name,
                    String.format(
                            Locale.ROOT,
                            "%s: its extents %s take %,d bytes, it has %,d after its header",
                            count > content.length - header ? "is cut short" : "goes on after its array",
                            shape,
                            count,
                            content.length - header));
        }
        byte[] values = new byte[(int) count];
        bytes.get(values);
        return new IdxFile(name, shape, values);
    }

    String name() {
        return name;
    }

    int extent(int axis) {
        return shape.get(axis);
    }

    byte[] values() {
        return values;
    }
}

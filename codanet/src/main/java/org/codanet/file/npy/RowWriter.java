package org.codanet.file.npy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes one row for each of N images to a float32 .npy file, (N, ...), as the rows are computed. All rows have one shape, which the first
 * computed row determines, so the file is opened then. {@link #close} creates the file if all rows were added; otherwise no file remains.
 * Not thread-safe.
 */
public final class RowWriter implements Closeable {
    private final Path file;
    private final int rows;
    private NpyWriter writer;
    private int rowValues;
    private int missingFirst;

    /**
     * Creates a writer.
     *
     * @param file to write or replace
     * @param rows N, the total number of rows
     */
    public RowWriter(Path file, int rows) {
        this.file = file;
        this.rows = rows;
    }

    /** Appends the row of an image that could not be read: all its values are NaN. */
    public void addMissing() throws IOException {
        if (writer == null) {
            missingFirst++;
        } else {
            writer.append(missing());
        }
    }

    /**
     * Appends some rows.
     *
     * @param shape of one row; the same for all rows
     * @param values of the rows, row-major
     */
    public void add(List<Integer> shape, float[] values) throws IOException {
        if (writer == null) {
            List<Integer> extents = new ArrayList<>(shape);
            extents.addFirst(rows);
            writer = NpyWriter.create(file, extents);
            rowValues = shape.stream().reduce(1, Math::multiplyExact);
            for (; missingFirst > 0; missingFirst--) {
                writer.append(missing());
            }
        }
        writer.append(values);
    }

    private float[] missing() {
        float[] values = new float[rowValues];
        Arrays.fill(values, Float.NaN);
        return values;
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}

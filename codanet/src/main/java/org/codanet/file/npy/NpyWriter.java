package org.codanet.file.npy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import org.codanet.file.AtomicFile;
import org.codanet.file.ElementType;
import org.codanet.file.TensorData;

/**
 * Writes a float32 .npy file piece by piece. {@link #close} renames the temporary file to the target if all elements were written.
 * Otherwise it deletes the temporary file, and the old file is unchanged. The same happens if the program is terminated while it
 * writes, for example by Ctrl-C. Not thread-safe.
 */
public final class NpyWriter implements Closeable {
    private static final int BUFFER_FLOATS = 16_384;

    private final Path target;
    private final Path part;
    private final FileChannel channel;
    private final long elements;
    private final Thread atTheEnd;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFER_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long written;
    private boolean failed;
    private boolean closed;

    private NpyWriter(Path target, Path part, FileChannel channel, long elements) {
        this.target = target;
        this.part = part;
        this.channel = channel;
        this.elements = elements;
        this.atTheEnd = new Thread(this::deletePart, "codanet-unfinished-array");
        Runtime.getRuntime().addShutdownHook(atTheEnd);
    }

    /**
     * Runs if the program ends before the array is complete, for example by Ctrl-C. The writing thread may still be writing, which
     * does no harm.
     */
    private void deletePart() {
        try {
            AtomicFile.discard(part, target);
        } catch (IOException e) {
            // The program is ending, so the failure cannot be reported.
        }
    }

    /**
     * {@return a writer of a float32 array; the caller closes it}
     *
     * @param file the file to write; its folder must exist
     * @param shape the extents of the whole array
     * @throws IOException if it cannot be written
     */
    public static NpyWriter create(Path file, List<Integer> shape) throws IOException {
        Path target = AtomicFile.followed(file);
        byte[] header = NpyHeader.bytes(ElementType.F32, shape);
        Path part = AtomicFile.partOf(target);
        try {
            FileChannel channel = AtomicFile.open(part, target);
            NpyWriter writer = new NpyWriter(target, part, channel, TensorData.elements(shape));
            try {
                AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
                return writer;
            } catch (IOException e) {
                writer.discard();
                throw e;
            }
        } catch (IOException e) {
            throw AtomicFile.failure(target, e);
        }
    }

    /**
     * Appends values in row-major order.
     *
     * @param values any number of values
     * @throws IllegalArgumentException if there are more values than the array still lacks
     * @throws IllegalStateException if the writer is closed
     * @throws IOException if they cannot be written, such as on a full disk
     */
    public void append(float[] values) throws IOException {
        if (closed) {
            throw new IllegalStateException("append to " + target + " after close");
        }
        if (values.length > elements - written) {
            failed = true;
            throw new IllegalArgumentException(
                    values.length + " values for " + target + ", which lacks " + (elements - written));
        }
        try {
            for (int i = 0; i < values.length; ) {
                int count = Math.min(values.length - i, BUFFER_FLOATS);
                buffer.clear();
                buffer.asFloatBuffer().put(values, i, count);
                AtomicFile.writeFully(channel, buffer.limit(count * Float.BYTES));
                i += count;
            }
        } catch (IOException e) {
            failed = true;
            throw AtomicFile.failure(target, e);
        }
        written += values.length;
    }

    /**
     * Renames the temporary file to the target if the array is complete, otherwise deletes it. Later calls do nothing.
     *
     * @throws IOException if the last bytes cannot be written
     */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (!failed && written == elements) {
                AtomicFile.publish(channel, part, target, true);
            }
        } catch (IOException e) {
            throw AtomicFile.failure(target, e);
        } finally {
            discard();
        }
    }

    private void discard() throws IOException {
        channel.close();
        AtomicFile.discard(part, target);
        try {
            Runtime.getRuntime().removeShutdownHook(atTheEnd);
        } catch (IllegalStateException e) {
            // The shutdown has begun. The hook finds nothing to delete.
        }
    }
}

package org.codanet.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** The bytes of a file or of an array, which can be read from any position. Error messages begin with its name. */
public final class FileBytes implements Closeable {
    private final String name;
    private final FileChannel channel;
    private final byte[] array;
    private final long size;

    private FileBytes(String name, FileChannel channel, byte[] array, long size) {
        this.name = name;
        this.channel = channel;
        this.array = array;
        this.size = size;
    }

    public static FileBytes open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FileFormatException(file.toString(), "is a folder, not a file");
        }
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            return new FileBytes(file.toString(), channel, null, channel.size());
        } catch (NoSuchFileException e) {
            throw new FileFormatException(file.toString(), "no such file", e);
        } catch (AccessDeniedException e) {
            throw new FileFormatException(file.toString(), "permission denied", e);
        }
    }

    public static FileBytes of(String name, byte[] array) {
        return new FileBytes(name, null, array, array.length);
    }

    public String name() {
        return name;
    }

    public long size() {
        return size;
    }

    /**
     * {@return {@code count} bytes that start at {@code position}; {@code what} names them in the error message if the file is too
     * short}
     */
    public byte[] read(long position, long count, String what) throws IOException {
        if (position < 0 || count < 0 || position > size - count) {
            throw new FileFormatException(
                    name,
                    String.format(
                            Locale.ROOT,
                            "is cut short: %s takes %d bytes from byte %d on, but the file ends at byte %d",
                            what,
                            count,
                            position,
                            size));
        }
        if (count > Integer.MAX_VALUE - 8) {
            throw new FileFormatException(name, what + " is larger than 2 GiB (" + count + " bytes)");
        }
        byte[] bytes = new byte[(int) count];
        if (array != null) {
            System.arraycopy(array, (int) position, bytes, 0, bytes.length);
            return bytes;
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new FileFormatException(name, "became shorter while it was read");
            }
        }
        return bytes;
    }

    /** {@return the little-endian 64-bit number at this position} */
    public long readLong(long position, String what) throws IOException {
        return ByteBuffer.wrap(read(position, Long.BYTES, what))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}

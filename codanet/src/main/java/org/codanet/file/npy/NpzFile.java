package org.codanet.file.npy;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;

/** NumPy's {@code .npz} format: named arrays in a zip archive, compressed or not, as {@code numpy.savez} writes them. */
public final class NpzFile implements Closeable {
    private static final String END = ".npy";

    private final Path file;
    private final ZipFile zip;

    private NpzFile(Path file, ZipFile zip) {
        this.file = file;
        this.zip = zip;
    }

    /**
     * {@return an open archive; the caller closes it}
     *
     * @param file the file
     * @throws FileFormatException if it is not a valid zip archive
     * @throws IOException if it cannot be read
     */
    public static NpzFile open(Path file) throws IOException {
        try {
            return new NpzFile(file, new ZipFile(file.toFile()));
        } catch (ZipException e) {
            throw new FileFormatException(file.toString(), "is not a sound .npz file: " + e.getMessage(), e);
        } catch (NoSuchFileException e) {
            throw new FileFormatException(file.toString(), "no such file", e);
        } catch (AccessDeniedException e) {
            throw new FileFormatException(file.toString(), "permission denied", e);
        }
    }

    /** {@return the names of the arrays, in the file's order} */
    public List<String> names() {
        return zip.stream()
                .map(ZipEntry::getName)
                .filter(name -> name.endsWith(END))
                .map(name -> name.substring(0, name.length() - END.length()))
                .toList();
    }

    /**
     * {@return a reader of one array, which is completely loaded into memory; the caller closes it}
     *
     * @param name one of {@link #names}
     * @param wanted which element types the caller wants; the message that refuses another type ends with it
     * @throws FileFormatException if the array is damaged, larger than 2 GiB, in Fortran order, or of an unsupported element type
     * @throws IOException if it cannot be read
     */
    public NpyReader read(String name, String wanted) throws IOException {
        String what = file + ", array " + name;
        ZipEntry entry = zip.getEntry(name + END);
        if (entry == null) {
            throw new FileFormatException(file.toString(), "has no array " + name + "; it has " + names());
        }
        if (entry.getSize() < 0 || entry.getSize() > Integer.MAX_VALUE - 8) {
            throw new FileFormatException(
                    what, "is larger than 2 GiB (" + entry.getSize() + " bytes); save it as a .npy file");
        }
        byte[] bytes;
        try (InputStream in = zip.getInputStream(entry)) {
            bytes = in.readNBytes((int) entry.getSize());
        } catch (ZipException | EOFException e) {
            throw new FileFormatException(what, "is damaged or cut short", e);
        } catch (OutOfMemoryError e) {
            throw new FileFormatException(what, "does not fit in memory; give Java a larger heap (-Xmx)", e);
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if (bytes.length != entry.getSize() || crc.getValue() != entry.getCrc()) {
            throw new FileFormatException(what, "is damaged: its checksum is wrong");
        }
        return NpyReader.open(FileBytes.of(what, bytes), wanted);
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}

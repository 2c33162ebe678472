package org.codanet.data.decode;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.codanet.file.FileFormatException;

/** Reads the complete content of a data file, decompressed if its name ends in .gz. */
public final class DataFile {
    private DataFile() {}

    public static byte[] read(Path file) throws IOException {
        String name = file.toString();
        try (InputStream in = Files.newInputStream(file)) {
            return read(name, in);
        } catch (NoSuchFileException e) {
            throw new FileFormatException(name, "no such file", e);
        } catch (AccessDeniedException e) {
            throw new FileFormatException(name, "permission denied", e);
        } catch (OutOfMemoryError e) {
            throw new FileFormatException(name, "does not fit in memory", e);
        }
    }

    /** {@return the content of an open stream, decompressed if {@code name} ends in .gz} */
    public static byte[] read(String name, InputStream in) throws IOException {
        if (!name.endsWith(".gz")) {
            return in.readAllBytes();
        }
        try (InputStream unpacked = new GZIPInputStream(new BufferedInputStream(in))) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            unpacked.transferTo(bytes);
            return bytes.toByteArray();
        } catch (EOFException e) {
            throw new FileFormatException(name, "is cut short: its gzip stream has no end", e);
        } catch (ZipException e) {
            throw new FileFormatException(name, "is not a sound gzip file", e);
        }
    }
}

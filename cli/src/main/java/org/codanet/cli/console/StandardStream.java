package org.codanet.cli.console;

import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output or standard error as UTF-8 text in every locale. Java reports only that writing failed. This class tells two causes
 * apart: the reader has closed its pipe, as {@code head} does, or the disk is full.
 */
public final class StandardStream extends PrintWriter {
    private static final int KIND = 0170000;
    private static final int PIPE = 0010000;
    private static final int SOCKET = 0140000;

    private final boolean hasReader;

    /** @param hasReader whether the stream is a pipe or a socket, whose reader can close it */
    public StandardStream(OutputStream stream, boolean hasReader) {
        super(stream, true, StandardCharsets.UTF_8);
        this.hasReader = hasReader;
    }

    /** Standard output. */
    public static StandardStream output() {
        return new StandardStream(System.out, hasReader(1));
    }

    /**
     * Standard error. If the environment variable {@code CODANET_STDERR} is set, its value is the file descriptor to use instead. The
     * launcher sets it if a filter reads the JVM's own standard error.
     */
    public static StandardStream error() {
        String descriptor = System.getenv("CODANET_STDERR");
        if (descriptor != null && descriptor.matches("\\d{1,3}")) {
            try {
                return new StandardStream(
                        new FileOutputStream("/proc/self/fd/" + descriptor, true),
                        hasReader(Integer.parseInt(descriptor)));
            } catch (FileNotFoundException e) {
                // Not every descriptor can be reopened; a socket cannot. Then standard error is used.
            }
        }
        return new StandardStream(System.err, hasReader(2));
    }

    /** Whether the reader of a stream has closed it. Writers other than standard streams have no reader. */
    public static boolean isReaderGone(PrintWriter writer) {
        return writer instanceof StandardStream stream && stream.hasReader && stream.checkError();
    }

    private static boolean hasReader(int descriptor) {
        try {
            int mode = (int) Files.getAttribute(Path.of("/proc/self/fd/" + descriptor), "unix:mode");
            return (mode & KIND) == PIPE || (mode & KIND) == SOCKET;
        } catch (IOException | UnsupportedOperationException e) {
            // The stream is closed, or the system does not provide the file type. Then a failed write counts as a
            // failure.
            return false;
        }
    }
}

package org.codanet.cli.console;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output or standard error as text. Java only tells that writing failed; this tells a reader who has seen enough, as
 * {@code head} in a pipe, from a full disk.
 */
public final class StandardStream extends PrintWriter {
    private static final int KIND = 0170000;
    private static final int PIPE = 0010000;
    private static final int SOCKET = 0140000;

    private final boolean readByProgram;

    /** @param readByProgram whether the stream is a pipe or a socket, whose reader can leave */
    public StandardStream(OutputStream stream, boolean readByProgram) {
        super(stream, true);
        this.readByProgram = readByProgram;
    }

    public static StandardStream output() {
        return new StandardStream(System.out, isReadByProgram(1));
    }

    public static StandardStream error() {
        return new StandardStream(System.err, isReadByProgram(2));
    }

    /** Whether the reader of a stream has left; writers other than standard streams have none. */
    public static boolean isAbandoned(PrintWriter writer) {
        return writer instanceof StandardStream stream && stream.readByProgram && stream.checkError();
    }

    private static boolean isReadByProgram(int descriptor) {
        try {
            int mode = (int) Files.getAttribute(Path.of("/proc/self/fd/" + descriptor), "unix:mode");
            return (mode & KIND) == PIPE || (mode & KIND) == SOCKET;
        } catch (IOException | UnsupportedOperationException e) {
            // A closed stream, or a system that does not tell: then failing to write is a failure.
            return false;
        }
    }
}

package org.codanet.file;

import java.io.IOException;

/** Thrown if a file's content is invalid. The message is one sentence that begins with the file's name. */
public final class FileFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * The message is {@code file: problem}.
     *
     * @param file the file as the user named it
     * @param problem what is wrong, in which entry, and the remedy if there is one
     */
    public FileFormatException(String file, String problem) {
        super(file + ": " + problem);
    }

    /**
     * The message is {@code file: problem}.
     *
     * @param file the file as the user named it
     * @param problem what is wrong
     * @param cause the exception that revealed the problem
     */
    public FileFormatException(String file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}

package org.codanet.file;

import java.io.IOException;

/** A file's content is not what it should be. The message is one sentence that begins with the file's name. */
public final class FileFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * The message is {@code file: problem}.
     *
     * @param file the file as the user named it
     * @param problem what is wrong, which entry has it, and what helps if one thing does
     */
    public FileFormatException(String file, String problem) {
        super(file + ": " + problem);
    }

    /**
     * The message is {@code file: problem}, with the failure that revealed it.
     *
     * @param file the file as the user named it
     * @param problem what is wrong
     * @param cause what was thrown when it was found
     */
    public FileFormatException(String file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}

package org.codanet.file;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks on files that a user names as input. */
public final class InputFile {
    private InputFile() {}

    /**
     * {@return the given file}
     *
     * @throws FileFormatException if it is a folder
     */
    public static Path require(Path file) throws FileFormatException {
        if (Files.isDirectory(file)) {
            throw new FileFormatException(file.toString(), "is a folder, a file is needed");
        }
        return file;
    }

    /**
     * {@return the content of a text file}
     *
     * @throws FileFormatException if it is a folder or its content is not UTF-8
     */
    public static String text(Path file) throws IOException {
        try {
            return Files.readString(require(file));
        } catch (CharacterCodingException e) {
            throw new FileFormatException(file.toString(), "is not UTF-8 text", e);
        }
    }
}

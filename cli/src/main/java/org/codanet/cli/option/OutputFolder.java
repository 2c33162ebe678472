package org.codanet.cli.option;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.codanet.file.AtomicFile;

/** Folders for results. */
public final class OutputFolder {
    private OutputFolder() {}

    /** Makes the folder if it is missing. @throws IOException naming it and the reason, if nothing can be written there */
    public static void make(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
            // Tells more than Files.isWritable, which knows nothing of read-only file systems seen by root.
            Files.delete(Files.createTempFile(folder, ".codanet", ".probe"));
        } catch (FileSystemException e) {
            String reason = switch (e) {
                case FileSystemException any
                when AtomicFile.fileInTheWay(folder).isPresent() ->
                    "a file is in the way: " + AtomicFile.fileInTheWay(folder).get();
                case AccessDeniedException denied -> "permission denied";
                default -> e.getReason() == null ? "no folder can be made there" : e.getReason();
            };
            throw new IOException("cannot write into the folder " + folder + ": " + reason, e);
        }
    }
}

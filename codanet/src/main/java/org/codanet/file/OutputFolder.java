package org.codanet.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Folders that results are written to. */
public final class OutputFolder {
    private static final Pattern NAMED_AS_FILE = Pattern.compile(
            ".*(\\.(png|jpe?g|gif|bmp|webp|tiff?|svg|html?|npy|npz|csv|json|md|safetensors|pth|pt|pkl))",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private OutputFolder() {}

    /**
     * Creates the folder and its parents if they are missing, and checks that files can be created in it.
     *
     * @throws IOException if the folder cannot be created or written to, or if a new folder would have the name of a picture or
     *     another file; the message names the folder and the reason
     */
    public static void create(Path name) throws IOException {
        Path folder = AtomicFile.followed(name);
        Matcher file = NAMED_AS_FILE.matcher(folder.toString());
        if (file.matches() && !Files.exists(folder)) {
            throw new IOException("cannot create a folder called " + folder
                    + ", because the name is that of a file; leave out " + file.group(1));
        }
        try {
            Files.createDirectories(folder);
            // For root, Files.isWritable ignores read-only file systems. A file is therefore created as a test.
            Files.delete(Files.createTempFile(folder, ".codanet", ".probe"));
        } catch (FileSystemException e) {
            String reason = switch (e) {
                case FileSystemException any
                when AtomicFile.fileInTheWay(folder).isPresent() ->
                    "a file is in the way: " + AtomicFile.fileInTheWay(folder).get();
                case AccessDeniedException denied -> "permission denied";
                default -> e.getReason() == null ? "no folder can be created there" : e.getReason();
            };
            throw new IOException("cannot write to the folder " + folder + ": " + reason, e);
        }
    }
}

package org.codanet.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Replaces a file atomically, so that no reader ever sees a partial file. The content is written to a temporary file beside the
 * target, synced to disk, and then renamed over the target. After a failure the old file is unchanged and the temporary file is
 * deleted. If the target is a symbolic link, the file that it leads to is replaced, and the link remains. Devices and pipes are
 * written to directly.
 */
public final class AtomicFile {
    /** The limit of Linux. */
    private static final int MAX_LINKS = 40;

    /** A file name has at most 255 bytes, and a temporary file is longer than the name of its target. */
    private static final int MAX_STEM = 100;

    private AtomicFile() {}

    /** Writes a file's content. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes everything, from the channel's position on.
         *
         * @param channel open for writing, empty; closed by the caller
         * @throws IOException if writing fails; the target then stays as it was
         */
        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Replaces or creates the target.
     *
     * @param target the file; its folder must exist
     * @param content writes the bytes
     * @throws IOException with a message that names the target and the reason, such as a full disk or a read-only folder
     */
    public static void write(Path target, Content content) throws IOException {
        write(target, content, true);
    }

    /**
     * Replaces or creates a file that can be produced again, such as a picture. The replacement is atomic as in {@link #write}, but
     * the file is not synced to disk.
     *
     * @param target the file; its folder must exist
     * @param content the complete content of the file
     * @throws IOException as {@link #write}
     */
    public static void replace(Path target, byte[] content) throws IOException {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(content)), false);
    }

    /**
     * Deletes the temporary files that remain in a folder when a writer was killed before it finished.
     *
     * @param folder the folder; no other writer may be using it
     * @throws IOException if the folder cannot be read or a temporary file cannot be deleted
     */
    public static void deleteUnfinished(Path folder) throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, AtomicFile::isUnfinished)) {
            for (Path part : left) {
                Files.deleteIfExists(part);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static boolean isUnfinished(Path file) {
        return file.getFileName().toString().matches("\\..+\\.[0-9a-f]{1,16}\\.part");
    }

    private static void write(Path name, Content content, boolean lasting) throws IOException {
        Path target = followed(name);
        Path part = partOf(target);
        try {
            try (FileChannel channel = open(part, target)) {
                content.writeTo(channel);
                publish(channel, part, target, lasting);
            }
        } catch (IOException e) {
            throw failure(name, e);
        } finally {
            discard(part, target);
        }
    }

    /**
     * {@return the file that a symbolic link leads to, which need not exist; a path that is not a link is returned unchanged}
     *
     * @throws IOException if the links lead back to themselves
     */
    public static Path followed(Path name) throws IOException {
        Path path = name;
        for (int links = 0; Files.isSymbolicLink(path) && !isOfSystem(path); links++) {
            if (links == MAX_LINKS) {
                throw new IOException("cannot write " + name + ": its symbolic links lead back to themselves");
            }
            path = path.resolveSibling(Files.readSymbolicLink(path));
        }
        return path;
    }

    /**
     * Whether a file is a device or an open file of a process, such as {@code /dev/stdout}. Such a file is written to directly, not
     * replaced.
     */
    private static boolean isOfSystem(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path folder = absolute.getParent();
        return absolute.startsWith("/proc")
                || Path.of("/dev").equals(folder)
                || Path.of("/dev/fd").equals(folder);
    }

    /**
     * {@return the name of a temporary file beside the target, which no other writer uses; for a device or a pipe, the target itself,
     * which is written to directly and not replaced}
     */
    public static Path partOf(Path target) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            String reason = fileInTheWay(folder)
                    .map(file -> file + " is a file, not a folder")
                    .orElse("the folder " + folder + " does not exist");
            throw new IOException("cannot write " + target + ": " + reason);
        }
        if (Files.isDirectory(target)) {
            throw new IOException("cannot write " + target + ": it is a folder");
        }
        if (isOfSystem(target) || Files.exists(target) && !Files.isRegularFile(target)) {
            return target;
        }
        // Files.createTempFile is not used: its files are readable by their owner only, and the renamed file would keep
        // those permissions.
        String unique = Long.toHexString(ThreadLocalRandom.current().nextLong());
        String name = FileName.text(target.getFileName()).replaceAll("[^ -~]", "_");
        String stem = name.substring(0, Math.min(MAX_STEM, name.length()));
        return folder.resolve("." + stem + "." + unique + ".part");
    }

    /**
     * {@return the file that exists at the path of the folder or of one of its parents, if there is one}
     *
     * @param folder the folder that cannot be written to
     */
    public static Optional<Path> fileInTheWay(Path folder) {
        for (Path above = folder; above != null; above = above.getParent()) {
            if (Files.exists(above)) {
                return Files.isDirectory(above) ? Optional.empty() : Optional.of(above);
            }
        }
        return Optional.empty();
    }

    /** {@return a channel that writes to the new temporary file, or to the device} */
    public static FileChannel open(Path part, Path target) throws IOException {
        return part.equals(target)
                ? FileChannel.open(target, StandardOpenOption.WRITE, StandardOpenOption.APPEND)
                : FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** Closes the complete temporary file and renames it to the target. If {@code lasting}, syncs it to disk first. */
    public static void publish(FileChannel channel, Path part, Path target, boolean lasting) throws IOException {
        if (part.equals(target)) {
            channel.close();
            return;
        }
        if (lasting) {
            channel.force(true);
        }
        channel.close();
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
        if (lasting) {
            syncFolder(target.toAbsolutePath().getParent());
        }
    }

    /** Deletes the temporary file, if it is still there. */
    public static void discard(Path part, Path target) throws IOException {
        if (!part.equals(target)) {
            Files.deleteIfExists(part);
        }
    }

    /** {@return an exception whose message names the target and the reason} */
    public static IOException failure(Path target, IOException e) {
        String reason = switch (e) {
            case AccessDeniedException denied -> "permission denied";
            case NoSuchFileException missing -> "no file can be made in that folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage();
        };
        return new IOException("cannot write " + target + ": " + reason, e);
    }

    /** Writes all that remains in the buffer. */
    public static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Syncs the folder, so that the rename survives a power failure. Some systems cannot open folders, so a failure here is ignored. */
    private static void syncFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // The content is already on disk. Only the rename may be lost in a power failure.
        }
    }
}

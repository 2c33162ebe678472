package org.codanet.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * Unpacks libraries from a jar, because the dynamic linker can open only files.
 *
 * <p>They are unpacked once, into a folder below {@link CacheFolder} whose name is the SHA-256 of their entries in the jar (name, size,
 * checksum). An existing file is used only if its size and checksum still agree with the jar, and is replaced otherwise. Every file is
 * moved into place atomically: JVMs that start at the same time see a complete file or none. A JVM that has mapped the old file
 * continues to use it.
 */
final class UnpackedJar {
    private static final Duration ABANDONED = Duration.ofHours(1);

    private UnpackedJar() {}

    /**
     * The folder with the unpacked files of one folder of the jar.
     *
     * @param folder the folder in the jar, ending in a slash
     * @param names matches the files to unpack
     * @throws IOException if the jar has none of them, or they cannot be unpacked
     */
    static Path folder(Path jar, String folder, Pattern names, Path cache) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            List<JarEntry> entries = file.stream()
                    .filter(entry -> entry.getName().startsWith(folder))
                    .filter(entry -> names.matcher(entry.getName().substring(folder.length()))
                            .matches())
                    .toList();
            if (entries.isEmpty()) {
                throw new IOException(jar + " has no " + folder + names);
            }
            Path target = cache.resolve("native").resolve(key(entries));
            Files.createDirectories(
                    target, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            for (JarEntry entry : entries) {
                provide(file, entry, target.resolve(entry.getName().substring(folder.length())));
            }
            return target;
        }
    }

    private static String key(List<JarEntry> entries) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (JarEntry entry : entries) {
                String line = entry.getName() + " " + entry.getSize() + " " + entry.getCrc() + "\n";
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    /** Unpacks an entry to {@code target}, unless it is there already. */
    private static void provide(JarFile jar, JarEntry entry, Path target) throws IOException {
        if (holds(target, entry)) {
            return;
        }
        removeAbandoned(target);
        Path unpacked = Files.createTempFile(target.getParent(), target.getFileName() + ".", ".part");
        try {
            try (InputStream in = jar.getInputStream(entry)) {
                Files.copy(in, unpacked, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!holds(unpacked, entry)) {
                throw new IOException(
                        unpacked + " does not have the size and checksum that " + jar.getName() + " states");
            }
            Files.move(unpacked, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unpacked);
        }
    }

    private static boolean holds(Path file, JarEntry entry) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) != entry.getSize()) {
            return false;
        }
        CRC32 checksum = new CRC32();
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                checksum.update(buffer, 0, count);
            }
        }
        return checksum.getValue() == entry.getCrc();
    }

    /** Deletes files of JVMs that were killed while unpacking. A file of the last hour may belong to a JVM that is still unpacking. */
    private static void removeAbandoned(Path target) throws IOException {
        FileTime oldest = FileTime.from(Instant.now().minus(ABANDONED));
        try (var parts = Files.newDirectoryStream(target.getParent(), target.getFileName() + ".*.part")) {
            for (Path part : parts) {
                if (Files.getLastModifiedTime(part).compareTo(oldest) < 0) {
                    Files.deleteIfExists(part);
                }
            }
        }
    }
}

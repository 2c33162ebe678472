package org.codanet.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/**
 * A library that a jar on the class path carries, with the libraries that have to lie beside it.
 *
 * <p>The dynamic linker opens files, not jar entries, so they are unpacked once into {@link CacheFolder}, in a folder named
 * by the SHA-256 of what the jar's directory says of them (name, size, checksum). A file that is there is taken only if its
 * size and checksum still agree with the jar; one that does not is replaced. Every file appears by one atomic rename, so
 * JVMs that start at once see a whole file or none, and a JVM that has the old one mapped keeps it.
 */
final class CarriedLibrary implements NativeLibrary.Source {
    private static final Duration ABANDONED = Duration.ofHours(1);

    private final String folder;
    private final List<String> files;
    private final Path cache;

    /**
     * A library in a jar.
     *
     * @param folder the jar's folder, ending in a slash
     * @param files the library, then those it needs beside it
     * @param cache where to unpack
     */
    CarriedLibrary(String folder, List<String> files, Path cache) {
        this.folder = folder;
        this.files = List.copyOf(files);
        this.cache = cache;
    }

    @Override
    public String origin() {
        return "carried jar";
    }

    @Override
    public List<String> candidates() throws NativeLibrary.Unusable {
        String library = folder + files.getFirst();
        URL first = ClassLoader.getSystemResource(library);
        if (first == null) {
            throw new NativeLibrary.Unusable(library, "no jar on the class path has it");
        }
        try {
            if ("file".equals(first.getProtocol())) {
                return List.of(Path.of(first.toURI()).toString());
            }
            List<JarEntry> entries = new ArrayList<>();
            for (String file : files) {
                entries.add(entry(folder + file));
            }
            Path target = cache.resolve("native").resolve(key(entries));
            Files.createDirectories(
                    target, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            for (int i = 0; i < files.size(); i++) {
                provide(entries.get(i), target.resolve(files.get(i)));
            }
            return List.of(target.resolve(files.getFirst()).toString());
        } catch (IOException | URISyntaxException failure) {
            throw new NativeLibrary.Unusable(
                    first.toString(),
                    "could not be unpacked below " + cache + " (another folder: -Dcodanet.cache=DIR): " + failure);
        }
    }

    private static JarEntry entry(String resource) throws IOException {
        URL url = ClassLoader.getSystemResource(resource);
        if (url == null) {
            throw new IOException("the jar has no " + resource);
        }
        if (!(url.openConnection() instanceof JarURLConnection jar)) {
            throw new IOException("not in a jar: " + url);
        }
        return jar.getJarEntry();
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

    /** Makes {@code target} hold the bytes of the jar's entry. */
    private static void provide(JarEntry entry, Path target) throws IOException {
        if (holds(target, entry)) {
            return;
        }
        removeAbandoned(target);
        Path unpacked = Files.createTempFile(target.getParent(), target.getFileName() + ".", ".part");
        try {
            try (InputStream in = ClassLoader.getSystemResourceAsStream(entry.getName())) {
                Files.copy(in, unpacked, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!holds(unpacked, entry)) {
                throw new IOException(unpacked + " does not have the size and checksum the jar states for " + target);
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
        Checksum checksum = new CRC32();
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file, StandardOpenOption.READ)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                checksum.update(buffer, 0, count);
            }
        }
        return checksum.getValue() == entry.getCrc();
    }

    /** What a JVM left that was killed while unpacking. A file of the last hour may be another JVM's, at work. */
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

package org.codanet.golden;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The folders of golden vectors: the one given by {@code -Dcodanet.golden=DIR}, and the committed folder with small ones, which is always
 * present. A test over {@link #ofKind} covers both.
 */
public final class GoldenFolder {
    private static final String PROPERTY = "codanet.golden";
    private static final String COMMITTED = "/org/codanet/golden";

    private GoldenFolder() {}

    /** {@return the folder that the user gave, if any} */
    public static Optional<Path> given() {
        String folder = System.getProperty(PROPERTY, "");
        if (folder.isBlank()) {
            return Optional.empty();
        }
        Path path = Path.of(folder);
        if (!Files.isDirectory(path)) {
            throw new IllegalStateException("-D" + PROPERTY + "=" + folder + " is not a folder");
        }
        return Optional.of(path);
    }

    /** {@return why a test that needs the given folder is skipped} */
    public static String whySkipped() {
        return "needs a folder of golden vectors, -D" + PROPERTY + "=DIR";
    }

    /** {@return the committed folder and, if there is one, the given folder} */
    public static List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        committed().ifPresent(folders::add);
        given().ifPresent(folders::add);
        return folders;
    }

    /** {@return all golden vectors of one kind in all folders, in the order of their names} */
    public static Stream<GoldenFile> ofKind(String kind) {
        return matching(file -> file.kind().equals(kind));
    }

    /** {@return all golden vectors that fit, in all folders, in the order of their names} */
    public static Stream<GoldenFile> matching(Predicate<GoldenFile> fits) {
        return folders().stream().flatMap(GoldenFolder::files).filter(fits);
    }

    private static Stream<GoldenFile> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList().stream()
                    .map(GoldenFolder::read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static GoldenFile read(Path file) {
        try {
            return GoldenFile.read(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The test jar has them too, but only as zip entries, so modules that use the jar have golden vectors of their own. */
    private static Optional<Path> committed() {
        URL url = GoldenFolder.class.getResource(COMMITTED + "/README.md");
        try {
            return url == null
                    ? Optional.empty()
                    : Optional.ofNullable(Path.of(url.toURI()).getParent());
        } catch (URISyntaxException | FileSystemNotFoundException e) {
            return Optional.empty();
        }
    }
}

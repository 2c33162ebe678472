package org.codanet.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The files of this project in the working folder, without files that a build or a tool created. */
final class SourceTree {
    private static final Set<String> NOT_OURS =
            Set.of(".git", "target", ".idea", ".vscode", ".venv", "runs", "carry", "results");

    private SourceTree() {}

    /** {@return the folder of the parent pom} */
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("native-bindings/pom.xml"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "no folder above " + Path.of("").toAbsolutePath() + " holds the project");
            }
        }
        return folder;
    }

    /** {@return the files below a folder of the project whose names have one of these endings, in order; not empty} */
    static List<Path> files(String folder, String... endings) {
        Path start = root().resolve(folder);
        try (Stream<Path> walk = Files.walk(start)) {
            List<Path> found = walk.filter(Files::isRegularFile)
                    .filter(file -> ours(start.relativize(file)))
                    .filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
                    .sorted()
                    .toList();
            if (found.isEmpty()) {
                throw new IllegalStateException("no file below " + start + " ends in " + List.of(endings));
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the lines of a text file} */
    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file.toString(), e);
        }
    }

    private static boolean ours(Path relative) {
        for (Path part : relative) {
            if (NOT_OURS.contains(part.toString())) {
                return false;
            }
        }
        return true;
    }
}

package org.codanet.bindings;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Finds CUDA's libraries in the usual folders below a given folder. */
final class CudaFolders {
    /**
     * Layouts below the given folder: the folder itself; a toolkit ({@code lib64}, {@code targets/.../lib}); and pip's packages
     * ({@code nvidia/cu13/lib} for CUDA 13, {@code nvidia/<name>/lib} for CUDA 12 and cuDNN), where the given folder is {@code
     * site-packages}, {@code nvidia} or a virtual environment.
     */
    private static final List<List<String>> LAYOUTS = List.of(
            List.of(),
            List.of("lib64"),
            List.of("lib"),
            List.of("targets", "x86_64-linux", "lib"),
            List.of("targets", "sbsa-linux", "lib"),
            List.of("nvidia", "*", "lib"),
            List.of("*", "lib"),
            List.of("lib", "python3*", "site-packages", "nvidia", "*", "lib"));

    private CudaFolders() {}

    /**
     * The files with the given names in all layouts, in the order of the names. A file is listed once, even if several links point to it.
     */
    static List<String> files(Path root, List<String> fileNames) {
        List<Path> folders = new ArrayList<>();
        for (List<String> layout : LAYOUTS) {
            folders.addAll(matching(root, layout));
        }
        Set<Path> seen = new LinkedHashSet<>();
        List<String> files = new ArrayList<>();
        for (String name : fileNames) {
            for (Path folder : folders) {
                Path file = folder.resolve(name);
                if (Files.exists(file) && seen.add(real(file))) {
                    files.add(file.toString());
                }
            }
        }
        return files;
    }

    private static List<Path> matching(Path root, List<String> layout) {
        List<Path> folders = List.of(root);
        for (String part : layout) {
            List<Path> below = new ArrayList<>();
            for (Path folder : folders) {
                below.addAll(children(folder, part));
            }
            folders = below;
        }
        return folders;
    }

    private static List<Path> children(Path folder, String pattern) {
        if (!pattern.contains("*")) {
            Path child = folder.resolve(pattern);
            return Files.isDirectory(child) ? List.of(child) : List.of();
        }
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern)) {
            for (Path child : found) {
                if (Files.isDirectory(child)) {
                    children.add(child);
                }
            }
        } catch (IOException unreadable) {
            // Not a folder, or not readable: nothing in it can be used.
            return List.of();
        }
        children.sort(null);
        return children;
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException dangling) {
            return file;
        }
    }
}

package org.codanet.bindings;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Where, below a folder that somebody names, CUDA's libraries lie. */
final class CudaFolders {
    /**
     * A toolkit ({@code lib64}, {@code targets/.../lib}), pip's folders ({@code nvidia/cu13/lib} for CUDA 13, {@code
     * nvidia/<name>/lib} for CUDA 12 and cuDNN) seen from {@code site-packages}, from {@code nvidia} or from a virtual
     * environment, and the folder itself.
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
     * The files of the given names in any of the layouts, the first name's before the second's; each file once, however
     * many links lead to it.
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
            // Not a folder, or not ours to read: nothing of use is in it for us.
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

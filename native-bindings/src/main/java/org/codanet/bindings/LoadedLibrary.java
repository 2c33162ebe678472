package org.codanet.bindings;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A native library that is loaded, and how it was found.
 *
 * @param name what the library is called, such as {@code oneDNN}
 * @param path the file that is mapped, absolute
 * @param origin which rule found it, such as {@code codanet.dnnl.path} or {@code carried jar}
 * @param version what the library itself says, such as {@code 3.13.0}
 * @param rejected what was tried before it, in order; empty if the first candidate was taken
 */
public record LoadedLibrary(String name, Path path, String origin, String version, List<Rejection> rejected) {
    /** Copies the list. */
    public LoadedLibrary {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(origin, "origin");
        Objects.requireNonNull(version, "version");
        rejected = List.copyOf(rejected);
    }

    @Override
    public String toString() {
        return name + " " + version + ", " + path + " (" + origin + ")";
    }
}

package org.codanet.bindings;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A native library that is loaded, and how it was found.
 *
 * @param name the name of the library, such as {@code oneDNN}
 * @param path absolute path of the file that is mapped
 * @param origin the rule that found it, such as {@code codanet.dnnl.path} or {@code bundled jar}
 * @param version the version that the library reports, such as {@code 3.13.0}
 * @param rejected candidates that were tried before, in order; empty if the first one was loaded
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

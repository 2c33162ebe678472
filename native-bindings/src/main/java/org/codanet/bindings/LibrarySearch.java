package org.codanet.bindings;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What came of looking for one library.
 *
 * @param name what the library is called, such as {@code cuDNN}
 * @param loaded the library, if one was usable
 * @param rejected every place and file tried before it, in order, each with its reason
 */
public record LibrarySearch(String name, Optional<LoadedLibrary> loaded, List<Rejection> rejected) {
    /** Copies the list. */
    public LibrarySearch {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(loaded, "loaded");
        rejected = List.copyOf(rejected);
    }
}

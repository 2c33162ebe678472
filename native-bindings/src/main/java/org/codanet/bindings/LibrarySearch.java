package org.codanet.bindings;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Result of the search for one library.
 *
 * @param name the name of the library, such as {@code cuDNN}
 * @param loaded the library, if one was usable
 * @param rejected every candidate that was tried and rejected, in order, with the reason
 */
public record LibrarySearch(String name, Optional<LoadedLibrary> loaded, List<Rejection> rejected) {
    /** Copies the list. */
    public LibrarySearch {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(loaded, "loaded");
        rejected = List.copyOf(rejected);
    }
}

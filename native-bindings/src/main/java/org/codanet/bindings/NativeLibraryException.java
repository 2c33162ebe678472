package org.codanet.bindings;

import java.util.List;
import java.util.stream.Collectors;

/** No candidate for a native library could be used. The message lists every candidate, in order, with the reason. */
public final class NativeLibraryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String library;
    private final transient List<Rejection> rejected;

    NativeLibraryException(String library, List<Rejection> rejected, String help) {
        super(library + " could not be loaded. " + help
                + rejected.stream().map(each -> "\n  " + each).collect(Collectors.joining()));
        this.library = library;
        this.rejected = List.copyOf(rejected);
    }

    /** Name of the library, as in {@link LoadedLibrary#name()}. */
    public String library() {
        return library;
    }

    /** Every candidate that was tried, in order; empty after deserialisation. */
    public List<Rejection> rejected() {
        return rejected == null ? List.of() : rejected;
    }
}

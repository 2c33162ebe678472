package org.codanet.bindings;

import java.util.List;
import java.util.stream.Collectors;

/** A native library that was found nowhere; the message lists every place tried, in order, each with its reason. */
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

    /** The library that was looked for, as {@link LoadedLibrary#name()} says it. */
    public String library() {
        return library;
    }

    /** Every place tried, in order; empty after deserialisation. */
    public List<Rejection> rejected() {
        return rejected == null ? List.of() : rejected;
    }
}

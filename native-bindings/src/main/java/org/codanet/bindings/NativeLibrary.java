package org.codanet.bindings;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One library: what must be in it, and the loading of the first candidate that has it.
 *
 * <p>A candidate is first opened, asked for every function that is bound here and for its version, and only then loaded:
 * {@link System#load} cannot be undone, and a library that lacks a function would otherwise fail in the middle of a
 * training run. {@code System.load} is called from this class because the generated bindings ask
 * {@link SymbolLookup#loaderLookup()}, which knows the libraries of their own class loader.
 */
final class NativeLibrary {
    private final String name;
    private final List<String> functions;
    private final VersionOf version;

    /** Reads the version from an opened library, or throws with the reason why it is of no use. */
    @FunctionalInterface
    interface VersionOf {
        String read(SymbolLookup library) throws Unusable;
    }

    /** A place to look in. */
    interface Source {
        /** The rule that names the place, for messages. */
        String origin();

        /**
         * Paths or bare names to open, best first; empty if the rule does not apply here.
         *
         * @throws Unusable if the rule applies and its place is of no use
         */
        List<String> candidates() throws Unusable;
    }

    /** Why a place or a file is of no use. */
    static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        private final String candidate;

        Unusable(String candidate, String reason) {
            super(reason);
            this.candidate = candidate;
        }
    }

    NativeLibrary(String name, List<String> functions, VersionOf version) {
        this.name = name;
        this.functions = List.copyOf(functions);
        this.version = version;
    }

    /** Loads the first usable candidate of the sources, or says why each was not. */
    LoadedLibrary load(List<? extends Source> sources, String help) {
        List<Rejection> rejected = new ArrayList<>();
        for (Source source : sources) {
            List<String> candidates;
            try {
                candidates = source.candidates();
            } catch (Unusable place) {
                rejected.add(new Rejection(source.origin(), place.candidate, place.getMessage()));
                continue;
            }
            for (String candidate : candidates) {
                try {
                    return load(candidate, source.origin(), rejected);
                } catch (Unusable file) {
                    rejected.add(new Rejection(source.origin(), candidate, file.getMessage()));
                }
            }
        }
        throw new NativeLibraryException(name, rejected, help);
    }

    private LoadedLibrary load(String candidate, String origin, List<Rejection> rejected) throws Unusable {
        try (DynamicLinker library = DynamicLinker.open(candidate)) {
            List<String> missing =
                    functions.stream().filter(each -> library.find(each).isEmpty()).toList();
            if (!missing.isEmpty()) {
                throw new Unusable(candidate, lacking(missing));
            }
            String found = version.read(library);
            Path path = library.path();
            System.load(path.toString());
            return new LoadedLibrary(name, path, origin, found, rejected);
        } catch (DynamicLinker.NotOpened | UnsatisfiedLinkError failure) {
            throw new Unusable(candidate, failure.getMessage());
        }
    }

    private String lacking(List<String> missing) {
        List<String> named = missing.subList(0, Math.min(3, missing.size()));
        return "lacks " + missing.size() + " of the " + functions.size() + " functions needed: "
                + String.join(", ", named) + (named.size() < missing.size() ? ", ..." : "");
    }

    /**
     * The functions that a class made by jextract binds. Each has a method {@code f$address}; its name is read and it is
     * not called, since the call would build the function's handle.
     */
    static List<String> functionsOf(Class<?> bindings) {
        String suffix = "$address";
        return Arrays.stream(bindings.getMethods())
                .map(method -> method.getName())
                .filter(method -> method.endsWith(suffix))
                .map(method -> method.substring(0, method.length() - suffix.length()))
                .distinct()
                .sorted()
                .toList();
    }
}

package org.codanet.bindings;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A native library: the functions that it must have, and how to load the first candidate that has them.
 *
 * <p>A candidate is opened and checked for its version and for every bound function, and only then loaded. The check comes first because
 * {@link System#load} cannot be undone, and a missing function would otherwise cause a failure in the middle of a training run. {@code
 * System.load} is called from this class because the generated bindings use {@link SymbolLookup#loaderLookup()}, which knows the libraries
 * of their class loader.
 *
 * <p>Libraries that it needs from its own folder are opened before it, by path. The dynamic linker would search {@code
 * LD_LIBRARY_PATH} before that folder and could mix two versions.
 */
final class NativeLibrary {
    private final String name;
    private final List<String> functions;
    private final Companions companions;
    private final VersionOf version;

    /** Reads the version of an opened library, or throws the reason why the library cannot be used. */
    @FunctionalInterface
    interface VersionOf {
        String read(SymbolLookup library, Path file) throws Unusable;
    }

    /** The files in the folder of a library that must be opened before it, in this order. */
    @FunctionalInterface
    interface Companions {
        List<Path> of(Path library) throws IOException;

        /** A possible cause if one of them does not open, to be appended to the message; usually empty. */
        default String suspicion(Path library) {
            return "";
        }
    }

    /** A place to search. */
    interface Source {
        /** The rule that names the place, for messages. */
        String origin();

        /**
         * Paths or bare names to open, the preferred one first.
         *
         * @throws Unusable with the reason, if there are none
         */
        List<String> candidates() throws Unusable;
    }

    /** Why a place or a file cannot be used. */
    static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        private final String candidate;

        /** The reason why a place or candidate cannot be used. */
        Unusable(String candidate, String reason) {
            super(reason);
            this.candidate = candidate;
        }

        /** The reason why the current file cannot be used. */
        Unusable(String reason) {
            this("", reason);
        }
    }

    NativeLibrary(String name, List<String> functions, Companions companions, VersionOf version) {
        this.name = name;
        this.functions = List.copyOf(functions);
        this.companions = companions;
        this.version = version;
    }

    String name() {
        return name;
    }

    /** Loads the first usable candidate of the sources, or throws the reason for each. */
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
        List<DynamicLinker> opened = new ArrayList<>();
        boolean loaded = false;
        try {
            Path file = Path.of(candidate);
            if (!file.isAbsolute()) {
                DynamicLinker named = open(candidate, opened);
                file = named.path();
            }
            for (Path companion : companions.of(file)) {
                refuseAnother(companion);
                try {
                    open(companion.toString(), opened);
                } catch (Unusable part) {
                    throw new Unusable(companion.getFileName() + " beside it does not load: " + part.getMessage()
                            + companions.suspicion(file));
                }
            }
            refuseAnother(file);
            DynamicLinker library = open(file.toString(), opened);
            List<String> missing = functions.stream()
                    .filter(each -> library.find(each).isEmpty())
                    .toList();
            if (!missing.isEmpty()) {
                throw new Unusable(versionText(library, file) + lacking(missing));
            }
            String found = version.read(library, file);
            System.load(file.toString());
            // The handles stay open: the library needs its companions as long as it is used.
            loaded = true;
            return new LoadedLibrary(name, file, origin, found, rejected);
        } catch (UnsatisfiedLinkError failure) {
            throw new Unusable(failure.getMessage());
        } catch (IOException failure) {
            throw new Unusable(failure.toString());
        } finally {
            if (!loaded) {
                opened.reversed().forEach(DynamicLinker::close);
            }
        }
    }

    private static DynamicLinker open(String pathOrName, List<DynamicLinker> opened) throws Unusable {
        try {
            DynamicLinker library = DynamicLinker.open(pathOrName);
            opened.add(library);
            return library;
        } catch (DynamicLinker.NotOpened failure) {
            String said = failure.getMessage();
            String repeated = pathOrName + ": ";
            throw new Unusable(said.startsWith(repeated) ? said.substring(repeated.length()) : said);
        }
    }

    /**
     * Refuses a second file of a name that is already mapped. The linker resolves a bare name to the first file mapped under it, so the
     * second file would be used only in part.
     */
    private static void refuseAnother(Path file) throws Unusable, IOException {
        Optional<Path> mapped = DynamicLinker.mapped(file.getFileName().toString());
        if (mapped.isPresent() && Files.exists(file) && !Files.isSameFile(mapped.get(), file)) {
            throw new Unusable("this process already has another " + file.getFileName() + ": " + mapped.get());
        }
    }

    /** The version of a library that lacks functions, for the message; empty if the version cannot be read. */
    private String versionText(DynamicLinker library, Path file) {
        try {
            return "is version " + version.read(library, file) + " and ";
        } catch (Unusable | NoSuchElementException unknown) {
            return "";
        }
    }

    private String lacking(List<String> missing) {
        List<String> named = missing.subList(0, Math.min(3, missing.size()));
        return "lacks " + missing.size() + " of the " + functions.size() + " functions needed: "
                + String.join(", ", named) + (named.size() < missing.size() ? ", ..." : "");
    }

    /**
     * The functions that a class generated by jextract binds. Each has a method {@code f$address}. Only its name is read, because a call
     * would already resolve the function.
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

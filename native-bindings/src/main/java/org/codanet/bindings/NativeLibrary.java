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
 * One library: what must be in it, and the loading of the first candidate that has it.
 *
 * <p>A candidate is first opened, asked for every function that is bound here and for its version, and only then
 * loaded: {@link System#load} cannot be undone, and a library that lacks a function would otherwise fail in the middle
 * of a training run. {@code System.load} is called from this class because the generated bindings ask {@link
 * SymbolLookup#loaderLookup()}, which knows the libraries of their own class loader.
 *
 * <p>Libraries that the wanted one needs from its own folder are opened before it, by path. Left to the dynamic linker,
 * a folder of {@code LD_LIBRARY_PATH} would go before the wanted library's own, and mix two versions.
 */
final class NativeLibrary {
    private final String name;
    private final List<String> functions;
    private final Companions companions;
    private final VersionOf version;

    /** Reads the version from an opened library, or says why it is of no use. */
    @FunctionalInterface
    interface VersionOf {
        String read(SymbolLookup library, Path file) throws Unusable;
    }

    /** The files to open before a library, of those that lie beside it, in this order. */
    @FunctionalInterface
    interface Companions {
        List<Path> of(Path library) throws IOException;

        /** What may be the cause if one of them does not open, to end a sentence with; usually empty. */
        default String suspicion(Path library) {
            return "";
        }
    }

    /** A place to look in. */
    interface Source {
        /** The rule that names the place, for messages. */
        String origin();

        /**
         * Paths or bare names to open, best first.
         *
         * @throws Unusable if there are none, with the reason
         */
        List<String> candidates() throws Unusable;
    }

    /** Why a place or a file is of no use. */
    static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        private final String candidate;

        /** What is wrong with a place. */
        Unusable(String candidate, String reason) {
            super(reason);
            this.candidate = candidate;
        }

        /** What is wrong with the file at hand. */
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
        List<DynamicLinker> opened = new ArrayList<>();
        boolean taken = false;
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
                throw new Unusable(stated(library, file) + lacking(missing));
            }
            String found = version.read(library, file);
            System.load(file.toString());
            // What was opened stays so: the library needs its companions as long as it is used.
            taken = true;
            return new LoadedLibrary(name, file, origin, found, rejected);
        } catch (UnsatisfiedLinkError failure) {
            throw new Unusable(failure.getMessage());
        } catch (IOException failure) {
            throw new Unusable(failure.toString());
        } finally {
            if (!taken) {
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
     * A library asked for by bare name comes from the first file that was mapped under it; a second would be half used.
     */
    private static void refuseAnother(Path file) throws Unusable, IOException {
        Optional<Path> mapped = DynamicLinker.mapped(file.getFileName().toString());
        if (mapped.isPresent() && Files.exists(file) && !Files.isSameFile(mapped.get(), file)) {
            throw new Unusable("this process already has another " + file.getFileName() + ": " + mapped.get());
        }
    }

    /** The version of a library that lacks functions, if those that tell it are not among them. */
    private String stated(DynamicLinker library, Path file) {
        try {
            return "is version " + version.read(library, file) + " and ";
        } catch (Unusable | NoSuchElementException untold) {
            return "";
        }
    }

    private String lacking(List<String> missing) {
        List<String> named = missing.subList(0, Math.min(3, missing.size()));
        return "lacks " + missing.size() + " of the " + functions.size() + " functions needed: "
                + String.join(", ", named) + (named.size() < missing.size() ? ", ..." : "");
    }

    /**
     * The functions that a class made by jextract binds. Each has a method {@code f$address}; its name is read and it
     * is not called, since the call would build the function's handle.
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

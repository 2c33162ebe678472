package org.codanet.bindings;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.codanet.bindings.dnnl.Dnnl;
import org.codanet.bindings.dnnl.dnnl_version_t;

/**
 * Loads oneDNN, the library that the CPU device uses.
 *
 * <p>It is searched for in this order:
 * <ol>
 *   <li>the file or folder in the system property {@code codanet.dnnl.path}, or else in the environment variable {@code
 *       CODANET_DNNL_PATH}. If one of the two is set, nothing else is tried, so that no other library than the configured one is used;
 *   <li>the jar {@code org.bytedeco:dnnl} on the class path, unpacked once into {@link CacheFolder};
 *   <li>{@code libdnnl.so.3} on the search path of the system's dynamic linker.
 * </ol>
 */
public final class OneDnn {
    private static final String FILE = "libdnnl.so.3";
    private static final String HELP = "Put the jar org.bytedeco:dnnl for this platform on the class path, or name a "
            + FILE + " in -Dcodanet.dnnl.path=FILE or CODANET_DNNL_PATH. Tried in this order:";

    private static LoadedLibrary loaded;

    private OneDnn() {}

    /**
     * Loads the library unless it is loaded already. Then {@link Dnnl} can be used. Thread-safe.
     *
     * @throws NativeLibraryException if no candidate is usable; the message lists each with its reason, and a later
     *     call tries again
     */
    public static synchronized LoadedLibrary load() {
        if (loaded == null) {
            OpenMp.waitPassively();
            loaded = library().load(sources(System::getProperty, System::getenv), HELP);
        }
        return loaded;
    }

    static NativeLibrary library() {
        return new NativeLibrary("oneDNN", NativeLibrary.functionsOf(Dnnl.class), OneDnn::companions, OneDnn::version);
    }

    static List<NativeLibrary.Source> sources(UnaryOperator<String> properties, UnaryOperator<String> environment) {
        List<NativeLibrary.Source> sources = new ArrayList<>();
        ConfiguredPath.of("codanet.dnnl.path", "CODANET_DNNL_PATH", List.of(FILE), properties, environment)
                .ifPresent(sources::add);
        if (sources.isEmpty()) {
            sources.add(new BundledLibrary(
                    "org/bytedeco/dnnl/" + platform(properties) + "/",
                    List.of(FILE),
                    Pattern.compile("libdnnl\\.so\\.3|libgomp\\.so\\.1"),
                    CacheFolder.path(properties, environment)));
            sources.add(new SystemName("system libraries", List.of(FILE)));
        }
        return sources;
    }

    /** The platform as the jar names it: {@code linux-x86_64}, {@code linux-arm64}. */
    private static String platform(UnaryOperator<String> properties) {
        String system = properties.apply("os.name").toLowerCase(Locale.ROOT);
        String processor = properties.apply("os.arch");
        return system + "-"
                + switch (processor) {
                    case "amd64" -> "x86_64";
                    case "aarch64" -> "arm64";
                    default -> processor;
                };
    }

    /**
     * The OpenMP runtime, for a library whose own search path does not contain its folder. If the process has loaded one already, that one
     * is used: two runtimes would each start their own threads.
     */
    private static List<Path> companions(Path library) {
        Path openMp = library.resolveSibling("libgomp.so.1");
        boolean needed =
                Files.exists(openMp) && DynamicLinker.mapped("libgomp.so.1").isEmpty();
        return needed ? List.of(openMp) : List.of();
    }

    private static String version(SymbolLookup library, Path file) {
        MemorySegment function = library.findOrThrow("dnnl_version");
        try {
            MemorySegment version = (MemorySegment) Linker.nativeLinker()
                    .downcallHandle(function, FunctionDescriptor.of(ValueLayout.ADDRESS))
                    .invokeExact();
            MemorySegment fields = version.reinterpret(dnnl_version_t.sizeof());
            return dnnl_version_t.major(fields) + "." + dnnl_version_t.minor(fields) + "."
                    + dnnl_version_t.patch(fields);
        } catch (Error | RuntimeException failure) {
            throw failure;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

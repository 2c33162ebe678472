package org.codanet.bindings;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cublaslt.CublasLt;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.nvrtc.Nvrtc;

/**
 * Loads the libraries of CUDA 12 or 13 that the CUDA device uses.
 *
 * <p>The driver ({@code libcuda.so.1}) is found by the system's dynamic linker. The other libraries are searched for in this order:
 * <ol>
 *   <li>the folders in the system property {@code codanet.cuda.path}, or else in the environment variable {@code
 *       CODANET_CUDA_PATH}, separated as in {@code PATH}. Each may be a toolkit, a virtual environment, a {@code site-packages}
 *       folder or the folder of the files. If one of the two is set, nothing else is searched, and a {@code libcuda.so.1} in these
 *       folders is used as the driver;
 *   <li>{@code CUDA_HOME}, else {@code CUDA_PATH}, else {@code /usr/local/cuda};
 *   <li>the search path of the system's dynamic linker;
 *   <li>pip's {@code nvidia} packages in the active virtual or conda environment, then those of the {@code python3} on the {@code
 *       PATH};
 *   <li>a jar {@code org.bytedeco:cuda-redist*} on the class path, then in the local Maven repository.
 * </ol>
 *
 * <p>In each place CUDA 13 is preferred over CUDA 12, and a library that is too new for the driver is rejected. All libraries must belong
 * to the same major version of CUDA, which is that of the first loaded library. Files that a library needs from its own folder (cuBLASLt,
 * cuDNN's parts, NVRTC's builtins) are loaded from there. A mixture of two versions is rejected, and the message names both.
 *
 * <p>Every method is thread-safe and loads its library once. After a failure, a later call tries again. If no candidate is usable, {@link
 * NativeLibraryException} lists each of them with the reason.
 */
public final class CudaLibraries {
    private static final int OLDEST_DRIVER = 12_000;
    private static final Map<Kind, LoadedLibrary> LOADED = new EnumMap<>(Kind.class);

    private enum Kind {
        DRIVER("CUDA driver"),
        NVRTC("NVRTC"),
        CUBLAS("cuBLAS"),
        CUBLASLT("cuBLASLt"),
        CUDNN("cuDNN");

        private final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    private CudaLibraries() {}

    /** The driver, which must support CUDA 12.0 or newer. Its version is that of the newest CUDA that it supports. */
    public static synchronized LoadedLibrary driver() {
        return once(
                Kind.DRIVER,
                () -> new NativeLibrary(
                                Kind.DRIVER.label,
                                NativeLibrary.functionsOf(Cuda.class),
                                library -> List.of(),
                                CudaLibraries::driverVersion)
                        .load(
                                sources().driver(List.of("libcuda.so.1")),
                                "It comes with the GPU's driver, version 525 or newer, from the Linux distribution or"
                                        + " from NVIDIA. Tried in this order:"));
    }

    /** The run-time compiler, with its builtins. */
    public static synchronized LoadedLibrary nvrtc() {
        return once(
                Kind.NVRTC,
                () -> new NativeLibrary(
                                Kind.NVRTC.label,
                                NativeLibrary.functionsOf(Nvrtc.class),
                                CudaLibraries::nvrtcBuiltins,
                                CudaLibraries::nvrtcVersion)
                        .load(
                                sources()
                                        .toolkit(
                                                List.of("libnvrtc.so.13", "libnvrtc.so.12"),
                                                Pattern.compile("libnvrtc(-builtins)?\\.so\\.\\d+(\\.\\d+)*")),
                                help()));
    }

    /** cuBLAS, with the cuBLASLt from the same folder. */
    public static synchronized LoadedLibrary cublas() {
        return once(
                Kind.CUBLAS,
                () -> new NativeLibrary(
                                Kind.CUBLAS.label,
                                NativeLibrary.functionsOf(Cublas.class),
                                library -> beside(
                                        library,
                                        library.getFileName().toString().replace("cublas", "cublasLt")),
                                (library, file) -> toolkitVersion(library, "cublasGetProperty"))
                        .load(
                                sources()
                                        .toolkit(
                                                List.of("libcublas.so.13", "libcublas.so.12"),
                                                Pattern.compile("libcublas(Lt)?\\.so\\.\\d+")),
                                help()));
    }

    /** The cuBLASLt from the folder of {@link #cublas()}, which is loaded first. */
    public static synchronized LoadedLibrary cublasLt() {
        return once(Kind.CUBLASLT, () -> {
            LoadedLibrary cublas = cublas();
            Path beside = cublas.path()
                    .resolveSibling(cublas.path().getFileName().toString().replace("cublas", "cublasLt"));
            return new NativeLibrary(
                            Kind.CUBLASLT.label,
                            NativeLibrary.functionsOf(CublasLt.class),
                            library -> List.of(),
                            (library, file) -> toolkitVersion(library, "cublasLtGetProperty"))
                    .load(List.of(new SystemName(cublas.origin(), List.of(beside.toString()))), help());
        });
    }

    /**
     * cuDNN 9, with its parts. NVRTC and cuBLASLt are loaded first, because cuDNN opens them by bare name when it needs them.
     */
    public static synchronized LoadedLibrary cudnn() {
        return once(Kind.CUDNN, () -> {
            nvrtc();
            cublasLt();
            return new NativeLibrary(
                            Kind.CUDNN.label,
                            NativeLibrary.functionsOf(Cudnn.class),
                            new CudnnParts(),
                            CudaLibraries::cudnnVersion)
                    .load(
                            sources()
                                    .toolkit(
                                            List.of("libcudnn.so.9"),
                                            Pattern.compile(
                                                    "libcudnn(_(graph|ops|cnn|heuristic|engines_.*))?\\.so\\.9")),
                            help());
        });
    }

    /**
     * Searches for all libraries, for a report: driver, NVRTC, cuBLAS, cuBLASLt, cuDNN. Loads those that it finds. A missing library does
     * not cause an exception.
     */
    public static synchronized List<LibrarySearch> search() {
        Map<Kind, Supplier<LoadedLibrary>> all = new EnumMap<>(Map.of(
                Kind.DRIVER, CudaLibraries::driver,
                Kind.NVRTC, CudaLibraries::nvrtc,
                Kind.CUBLAS, CudaLibraries::cublas,
                Kind.CUBLASLT, CudaLibraries::cublasLt,
                Kind.CUDNN, CudaLibraries::cudnn));
        List<LibrarySearch> found = new ArrayList<>();
        all.forEach((kind, load) -> {
            try {
                LoadedLibrary library = load.get();
                found.add(new LibrarySearch(kind.label, Optional.of(library), library.rejected()));
            } catch (NativeLibraryException failure) {
                boolean itself = failure.library().equals(kind.label);
                found.add(new LibrarySearch(
                        kind.label,
                        Optional.empty(),
                        itself
                                ? failure.rejected()
                                : List.of(new Rejection(
                                        kind.label, failure.library(), "is needed first, and could not be loaded"))));
            }
        });
        return List.copyOf(found);
    }

    /** The command that installs all libraries except the driver, for the major version of CUDA that the driver supports. */
    public static synchronized String installCommand() {
        return driverVersion().filter(version -> version.startsWith("12.")).isPresent()
                ? "pip install nvidia-cuda-nvrtc-cu12==12.8.93 nvidia-cublas-cu12==12.8.4.1"
                        + " nvidia-cudnn-cu12==9.10.2.21"
                : "pip install nvidia-cuda-nvrtc==13.0.88 nvidia-cublas==13.1.0.3 nvidia-cudnn-cu13==9.19.0.56";
    }

    private static String help() {
        return "Install the libraries into the python3 on the PATH or an active virtual environment: "
                + installCommand()
                + "; or name the folder that has them in -Dcodanet.cuda.path=DIR or CODANET_CUDA_PATH."
                + " Tried in this order:";
    }

    private static LoadedLibrary once(Kind kind, Supplier<LoadedLibrary> load) {
        LoadedLibrary library = LOADED.get(kind);
        if (library == null) {
            library = load.get();
            LOADED.put(kind, library);
        }
        return library;
    }

    private static CudaSources sources() {
        return new CudaSources(System::getProperty, System::getenv);
    }

    private static String driverVersion(SymbolLookup library, Path file) throws NativeLibrary.Unusable {
        int version = NativeCall.written(library, "cuDriverGetVersion");
        String readable = version / 1000 + "." + version % 1000 / 10;
        if (version < OLDEST_DRIVER) {
            throw new NativeLibrary.Unusable("is a driver for CUDA " + readable + "; CUDA 12.0, driver 525, is needed");
        }
        return readable;
    }

    private static String nvrtcVersion(SymbolLookup library, Path file) throws NativeLibrary.Unusable {
        int[] version = NativeCall.pair(library, "nvrtcVersion");
        String readable = version[0] + "." + version[1];
        agrees(version[0], readable);
        // Without its builtins every compilation fails, and the status does not say why.
        List<Path> builtins = nvrtcBuiltins(file);
        if (!builtins.isEmpty()
                && builtins.stream().noneMatch(each -> each.toString().endsWith(".so." + readable))) {
            throw new NativeLibrary.Unusable("is NVRTC " + readable + " and beside it is only "
                    + builtins.getFirst().getFileName() + ": the folder holds parts of two versions");
        }
        return readable;
    }

    /** All builtins of the major version in NVRTC's file name. Only NVRTC itself knows which minor version it needs. */
    private static List<Path> nvrtcBuiltins(Path library) {
        String name = library.getFileName().toString();
        String major = name.replaceFirst("^.*\\.so\\.(\\d+).*$", "$1");
        Pattern builtins = Pattern.compile("libnvrtc-builtins\\.so\\." + major + "(\\.\\d+)*");
        return beside(library, "libnvrtc-builtins.so.*").stream()
                .filter(file -> builtins.matcher(file.getFileName().toString()).matches())
                .toList();
    }

    private static String toolkitVersion(SymbolLookup library, String property) throws NativeLibrary.Unusable {
        int major = NativeCall.property(library, property, Cublas.MAJOR_VERSION());
        String readable = major + "." + NativeCall.property(library, property, Cublas.MINOR_VERSION()) + "."
                + NativeCall.property(library, property, Cublas.PATCH_LEVEL());
        agrees(major, readable);
        return readable;
    }

    private static String cudnnVersion(SymbolLookup library, Path file) throws NativeLibrary.Unusable {
        long version = NativeCall.size(library, "cudnnGetVersion");
        String readable = version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
        for (String check : List.of("cudnnGraphVersionCheck", "cudnnOpsVersionCheck", "cudnnCnnVersionCheck")) {
            if (library.find(check).isPresent()) {
                int status = NativeCall.status(library, check);
                if (status != Cudnn.CUDNN_STATUS_SUCCESS()) {
                    throw new NativeLibrary.Unusable(check + ": "
                            + NativeCall.name(library, "cudnnGetErrorString", status)
                            + ": the folder holds parts of two versions of cuDNN" + installedInto(file));
                }
            }
        }
        agrees((int) (NativeCall.size(library, "cudnnGetCudartVersion") / 1000), readable);
        return readable;
    }

    /** Rejects a library that belongs to another major version of CUDA than the libraries loaded before, or is newer than the driver. */
    private static void agrees(int major, String version) throws NativeLibrary.Unusable {
        for (Kind kind : List.of(Kind.NVRTC, Kind.CUBLAS)) {
            LoadedLibrary before = LOADED.get(kind);
            if (before != null && majorOf(before.version()) != major) {
                throw new NativeLibrary.Unusable("version " + version + " is of CUDA " + major + ", and " + before
                        + " is loaded; name one folder that has all of them in -Dcodanet.cuda.path");
            }
        }
        Optional<String> driver = driverVersion();
        if (driver.isPresent() && majorOf(driver.get()) < major) {
            throw new NativeLibrary.Unusable(
                    "version " + version + " is of CUDA " + major + ", and the driver knows CUDA " + driver.get());
        }
    }

    private static int majorOf(String version) {
        return Integer.parseInt(version.substring(0, version.indexOf('.')));
    }

    /** The driver's version; empty if there is no usable driver. */
    private static Optional<String> driverVersion() {
        try {
            return Optional.of(driver().version());
        } catch (NativeLibraryException none) {
            return Optional.empty();
        }
    }

    /** The parts of cuDNN, each after those that it depends on, without {@code adv}, which is for recurrent networks and attention. */
    private static final class CudnnParts implements NativeLibrary.Companions {
        private static final List<String> WITHOUT_DRIVER = List.of("graph", "ops", "cnn", "heuristic");
        /** As of cuDNN 9.28, the second of these does not open without a driver. */
        private static final List<String> WITH_DRIVER = List.of("engines_precompiled", "engines_runtime_compiled");

        @Override
        public List<Path> of(Path library) {
            List<String> parts = new ArrayList<>(WITHOUT_DRIVER);
            if (driverVersion().isPresent()) {
                parts.addAll(WITH_DRIVER);
            }
            return parts.stream()
                    .flatMap(part -> beside(library, "libcudnn_" + part + ".so.9").stream())
                    .toList();
        }

        @Override
        public String suspicion(Path library) {
            return "; the folder may hold parts of two versions of cuDNN" + installedInto(library);
        }
    }

    private static List<Path> beside(Path library, String pattern) {
        List<Path> files = new ArrayList<>();
        Path folder = library.getParent();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern)) {
            found.forEach(files::add);
        } catch (IOException unreadable) {
            // The dynamic linker reports what is wrong with the folder when it opens the library.
            return List.of();
        }
        files.sort(null);
        return files;
    }

    /** Names the pip packages if two of them wrote cuDNN's files to one folder, {@code nvidia/cudnn/lib}. */
    private static String installedInto(Path library) {
        Path packages = library.getParent().resolve("../../..").normalize();
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(packages, "nvidia_cudnn_cu*.dist-info")) {
            found.forEach(each -> names.add(each.getFileName().toString().replace(".dist-info", "")));
        } catch (IOException notPip) {
            return "";
        }
        names.sort(null);
        return names.size() < 2 ? "" : ": " + String.join(" and ", names) + " are both installed; keep one";
    }
}

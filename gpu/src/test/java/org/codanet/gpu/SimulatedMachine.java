package org.codanet.gpu;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cublaslt.CublasLt;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.nvrtc.Nvrtc;
import org.codanet.bindings.testing.Skip;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Precision;

/**
 * The simulated CUDA machine: libraries that have the functions of CUDA and run kernels on the CPU. They are built from {@code
 * src/test/cpp} with g++. The device under test uses them through the same bindings as the real libraries. {@code machine.h} describes
 * the sources.
 *
 * <p>A process can load CUDA only once, so all tests of this module share one machine. A test begins with {@link #reset}.
 */
@SuppressWarnings("restricted")
public final class SimulatedMachine {
    private static final Path SOURCES = Path.of("src/test/cpp").toAbsolutePath();
    /**
     * System property that turns race detection off if it is true. It is set for the golden networks, because the tests of the
     * operations already check their kernels for races.
     */
    private static final String UNWATCHED = "codanet.simulated.unwatched";

    private static SimulatedMachine machine;

    private final Path folder;
    private final SymbolLookup driver;

    private SimulatedMachine(Path folder) {
        this.folder = folder;
        this.driver = SymbolLookup.libraryLookup(folder.resolve("libcuda.so.1"), Arena.global());
        if (Boolean.getBoolean(UNWATCHED)) {
            try {
                handle("sim_detect_races", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                        .invoke(0);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** The machine, which is built if its sources have changed. Without g++ the calling test is skipped with a message. */
    public static synchronized SimulatedMachine get() {
        if (machine == null) {
            Skip.unlessForGpu(hasCompiler(), "g++ is needed to build the simulated CUDA machine");
            try {
                Path folder = build();
                // Kernels are compiled differently with race detection, so the two kinds have separate caches.
                System.setProperty(
                        "codanet.cache",
                        folder.resolve(Boolean.getBoolean(UNWATCHED) ? "unwatched" : "cache")
                                .toString());
                System.setProperty("codanet.cuda.path", folder.toString());
                machine = new SimulatedMachine(folder);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException("the simulated CUDA machine cannot be built", e);
            }
        }
        return machine;
    }

    /** A device in float32, without injected failures. */
    public static Device open() {
        return open(DeviceOptions.defaults().withPrecision(Precision.FP32));
    }

    /** A device without injected failures. */
    public static Device open(DeviceOptions options) {
        return open(options, 1 << 20);
    }

    /** Like {@link #open}, with chunks of images whose workspace has at most {@code chunkBytes} bytes where that is possible. */
    public static CudaDevice open(DeviceOptions options, long chunkBytes) {
        get().reset();
        return CudaDevice.open(0, options, chunkBytes);
    }

    /** Like {@link #open}, for a GPU of compute capability 8.0, which has no instructions of Hopper. */
    public static CudaDevice openAmpere(DeviceOptions options, long chunkBytes) {
        get().capability(80);
        try {
            return open(options, chunkBytes);
        } finally {
            get().capability(90);
        }
    }

    private void capability(int value) {
        try {
            handle("sim_capability", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                    .invoke(value);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The folder of its libraries, for another process. */
    public static Path folder() {
        return get().folder;
    }

    /** Removes injected failures and the effects of earlier failures. */
    public void reset() {
        call("sim_forgive");
    }

    /**
     * Injects a failure.
     *
     * @param nth the call of the function that fails, counted from now on and from 1
     * @param status name of the status that it returns, such as {@code CUDA_ERROR_OUT_OF_MEMORY}
     * @param sticky whether every later driver call returns the status, too
     */
    public void fail(String function, long nth, String status, boolean sticky) {
        try (Arena arena = Arena.ofConfined()) {
            handle(
                            "sim_fail",
                            FunctionDescriptor.ofVoid(
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT))
                    .invoke(arena.allocateFrom(function), nth, number(status), sticky ? 1 : 0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The number of a status: the bindings have a method for each, with its name. */
    private static int number(String status) {
        Class<?> bindings =
                status.startsWith("CUDNN_") ? Cudnn.class : status.startsWith("CUBLAS_") ? Cublas.class : Cuda.class;
        try {
            return (int) bindings.getMethod(status).invoke(null);
        } catch (ReflectiveOperationException unknown) {
            throw new IllegalArgumentException("there is no status " + status, unknown);
        }
    }

    /** Number of calls of a function so far; of all functions if {@code function} is empty. */
    public long calls(String function) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) handle("sim_calls", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS))
                    .invoke(arena.allocateFrom(function));
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Kinds and numbers of handles that have not been destroyed; empty if there are none. */
    public String live() {
        return text("sim_live");
    }

    /** The first violation of a rule about memory accesses or barriers; empty if there was none. */
    public String violation() {
        return text("sim_violation");
    }

    private String text(String function) {
        try {
            MemorySegment address = (MemorySegment)
                    handle(function, FunctionDescriptor.of(ValueLayout.ADDRESS)).invoke();
            return address.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private void call(String function) {
        try {
            handle(function, FunctionDescriptor.ofVoid()).invoke();
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private MethodHandle handle(String function, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(driver.findOrThrow(function), type);
    }

    private static boolean hasCompiler() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "g++")));
    }

    private static Path build() throws IOException, InterruptedException {
        Path folder = Path.of("target", "simulated-cuda", digest()).toAbsolutePath();
        if (Files.isDirectory(folder)) {
            return folder;
        }
        Files.createDirectories(folder.getParent());
        try (FileChannel other =
                FileChannel.open(folder.resolveSibling("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            other.lock(); // another process may run tests at the same time
            if (!Files.isDirectory(folder)) {
                build(folder);
            }
        }
        return folder;
    }

    private static void build(Path folder) throws IOException, InterruptedException {
        Path work = Files.createTempDirectory(folder.getParent(), "building");
        for (String header : List.of("device.h", "warpgroup.h")) {
            Files.copy(SOURCES.resolve(header), work.resolve(header));
        }
        library(
                work,
                "libcuda.so.1",
                Cuda.class,
                List.of(
                        "machine.cpp",
                        "threads.cpp",
                        "barriers.cpp",
                        "products.cpp",
                        "clocks.cpp",
                        "accesses.cpp",
                        "driver.cpp"));
        library(work, "libnvrtc.so.13", Nvrtc.class, List.of("nvrtc.cpp"));
        library(work, "libcublas.so.13", Cublas.class, List.of("cublas.cpp"));
        library(work, "libcublasLt.so.13", CublasLt.class, List.of("cublaslt.cpp"));
        library(work, "libcudnn.so.9", Cudnn.class, List.of("cudnn.cpp"));
        Files.move(work, folder, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Builds a library. A function that is not simulated prints its name and fails; it exists because the bindings check that. */
    private static void library(Path folder, String name, Class<?> bindings, List<String> sources)
            throws IOException, InterruptedException {
        StringBuilder rest = new StringBuilder("extern \"C\" int sim_unbound(const char*);\n");
        for (String function : functions(bindings)) {
            rest.append(String.format(
                    Locale.ROOT,
                    "extern \"C\" __attribute__((weak, visibility(\"default\"))) int %s() { return sim_unbound(\"%s\"); }%n",
                    function,
                    function));
        }
        Path stubs = folder.resolve(name + ".stubs.cpp");
        Files.writeString(stubs, rest.toString());
        List<String> command = new ArrayList<>(List.of(
                "g++",
                "-std=c++17",
                "-O3",
                "-march=native",
                "-ffp-contract=off",
                "-shared",
                "-fPIC",
                "-fvisibility=hidden",
                "-Wl,-soname," + name,
                "-o",
                folder.resolve(name).toString()));
        sources.forEach(source -> command.add(SOURCES.resolve(source).toString()));
        command.add(stubs.toString());
        if (!name.startsWith("libcuda.")) {
            command.add(folder.resolve("libcuda.so.1").toString());
        }
        command.add("-ldl");
        run(command);
    }

    private static List<String> functions(Class<?> bindings) {
        return Arrays.stream(bindings.getMethods())
                .map(method -> method.getName())
                .filter(name -> name.endsWith("$address"))
                .map(name -> name.replace("$address", ""))
                .distinct()
                .sorted()
                .toList();
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }

    private static String digest() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files.sorted().toList()) {
                digest.update(Files.readAllBytes(file));
            }
            for (Class<?> bindings : List.of(Cuda.class, Nvrtc.class, Cublas.class, CublasLt.class, Cudnn.class)) {
                digest.update(functions(bindings).toString().getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

package org.codanet.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cublaslt.CublasLt;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.bindings.nvrtc.Nvrtc;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The bindings with NVIDIA's libraries, in the virtual environments named by {@code -Dcodanet.cuda.wheels}. Neither a driver nor a GPU
 * is needed.
 */
final class CudaWheelsTest {
    private static final String PROPERTY = "codanet.cuda.wheels";
    private static final Map<String, Map<String, String>> RESULTS = new HashMap<>();

    /** The names of the environments; a single empty name if there are none, so that the tests are reported as skipped. */
    static List<String> environments() {
        return List.of(System.getProperty(PROPERTY, "").split(Pattern.quote(File.pathSeparator)));
    }

    @BeforeEach
    void needWheels() {
        Skip.unlessForGpu(
                !System.getProperty(PROPERTY, "").isBlank(),
                "the CUDA bindings against NVIDIA's libraries; -D" + PROPERTY
                        + "=VENV[:VENV...] names virtual environments, which .ci/cuda-wheels makes");
    }

    @ParameterizedTest
    @MethodSource("environments")
    void everyFunctionResolvesAndTheVersionsAreThoseInstalled(String environment) throws Exception {
        Map<String, String> results = use(environment);
        for (Class<?> bindings : List.of(Nvrtc.class, Cublas.class, CublasLt.class, Cudnn.class)) {
            int all = NativeLibrary.functionsOf(bindings).size();
            assertEquals(all + " of " + all, results.get(bindings.getSimpleName() + ".resolved"), results::toString);
        }
        // The version of a pip package begins with that of the library: 13.1.0.3 is cuBLAS 13.1.0.
        assertTrue(installed(environment, "nvidia_cuda_nvrtc").startsWith(results.get("nvrtc")), results::toString);
        assertTrue(installed(environment, "nvidia_cublas").startsWith(results.get("cublas")), results::toString);
        assertTrue(installed(environment, "nvidia_cudnn_cu").startsWith(results.get("cudnn")), results::toString);
        assertEquals(results.get("cublas"), results.get("cublasLt"));
    }

    @ParameterizedTest
    @MethodSource("environments")
    void nvrtcCompilesToMachineCode(String environment) throws Exception {
        Map<String, String> results = use(environment);
        assertEquals("0", results.get("nvrtcCreateProgram"));
        assertEquals("0", results.get("nvrtcCompileProgram"), "its builtins were not loaded");
        assertEquals("ELF", results.get("cubin"));
    }

    @ParameterizedTest
    @MethodSource("environments")
    void cudnnComputesTheExtentsOfAConvolution(String environment) throws Exception {
        Map<String, String> results = use(environment);
        assertEquals("0", results.get("cudnnSetTensor4dDescriptor"));
        assertEquals("0", results.get("cudnnGetConvolution2dForwardOutputDim"));
        // Height (32 + 2*1 - 3) / 2 + 1 = 16, width (31 + 2*2 - 5) / 1 + 1 = 31: stride and padding differ by axis.
        assertEquals("2x16x16x31", results.get("extents"));
        assertEquals("0", results.get("cudnnBackendCreateDescriptor"));
    }

    @ParameterizedTest
    @MethodSource("environments")
    void withoutADriverTheLibrariesSaySo(String environment) throws Exception {
        Map<String, String> results = use(environment);
        Skip.unless(
                !Boolean.parseBoolean(results.get("driver")), "this machine has a driver, so handles can be created");
        assertEquals("CUDNN_STATUS_NOT_INITIALIZED", results.get("cudnnCreate"));
        assertEquals("CUBLAS_STATUS_NOT_INITIALIZED", results.get("cublasCreate"));
        assertEquals("CUBLAS_STATUS_NOT_INITIALIZED", results.get("cublasLtCreate"));
    }

    @Test
    void partsOfTwoRealCudnnsAreRefused(@TempDir Path folder) throws Exception {
        List<String> environments = environments();
        Skip.unlessForGpu(
                environments.size() >= 2,
                "two real versions of cuDNN in one folder: needs two environments with different versions of cuDNN");
        Path first = library(environments.get(0), "libcudnn.so.9").getParent();
        Path second = library(environments.get(1), "libcudnn.so.9").getParent();
        // Two parts of the second version overwrite those of the first, as when pip installs a newer package over an
        // older one.
        for (String part : List.of("", "_graph", "_heuristic", "_engines_precompiled", "_engines_runtime_compiled")) {
            link(first.resolve("libcudnn" + part + ".so.9"), folder);
        }
        link(second.resolve("libcudnn_ops.so.9"), folder);
        link(second.resolve("libcudnn_cnn.so.9"), folder);
        Path toolkit = Files.createDirectory(folder.resolve("toolkit"));
        for (String library : List.of("libnvrtc.so", "libcublas.so")) {
            Path from = library(environments.getFirst(), library + ".13", library + ".12");
            try (DirectoryStream<Path> files = Files.newDirectoryStream(from.getParent(), "lib{nvrtc,cublas}*.so.*")) {
                for (Path file : files) {
                    link(file, toolkit);
                }
            }
        }
        String output = ChildJvm.startWithoutCarrier(
                        LoadCuda.class, Map.of("codanet.cuda.path", folder + ":" + toolkit), Map.of())
                .output();
        assertTrue(output.contains("cuDNN missing"), output);
        assertTrue(output.contains("parts of two versions of cuDNN"), output);
    }

    /**
     * A hard link, or a copy if the temporary folder is on another disk. The linker would follow a symbolic link.
     */
    private static void link(Path file, Path folder) throws IOException {
        Path target = folder.resolve(file.getFileName());
        if (Files.exists(target)) {
            return;
        }
        try {
            Files.createLink(target, file);
        } catch (IOException | UnsupportedOperationException otherDisk) {
            Files.copy(file, target);
        }
    }

    /** What {@link UseCuda} prints in this environment. It runs once per environment, because loading takes seconds on a cold disk. */
    private static Map<String, String> use(String environment) throws Exception {
        Map<String, String> known = RESULTS.get(environment);
        if (known != null) {
            return known;
        }
        String output = ChildJvm.startWithoutCarrier(UseCuda.class, Map.of("codanet.cuda.path", environment), Map.of())
                .output();
        assertTrue(output.contains("driver="), output);
        Map<String, String> results = output.lines()
                .filter(line -> line.contains("="))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.indexOf('=')), line -> line.substring(line.indexOf('=') + 1)));
        RESULTS.put(environment, results);
        return results;
    }

    private static Path library(String environment, String... names) {
        return Path.of(CudaFolders.files(Path.of(environment), List.of(names)).getFirst());
    }

    /** The version of the installed package whose name begins with {@code start}, as pip recorded it. */
    private static String installed(String environment, String start) throws Exception {
        Pattern info = Pattern.compile(Pattern.quote(start) + "[a-z0-9_]*-(.*)\\.dist-info");
        try (Stream<Path> all = Files.walk(Path.of(environment), 4)) {
            return all.map(each -> info.matcher(each.getFileName().toString()))
                    .filter(each -> each.matches())
                    .map(each -> each.group(1))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no package " + start + "* in " + environment));
        }
    }
}

package org.codanet.bindings;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;

/** Builds a stand-in in C for one of CUDA's libraries. Its functions do nothing, except those that report the given version. */
final class StubLibrary {
    private StubLibrary() {}

    static Path driver(Path folder, int version) throws Exception {
        return build(
                folder,
                "libcuda.so.1",
                NativeLibrary.functionsOf(org.codanet.bindings.cuda.Cuda.class),
                Map.of("cuDriverGetVersion", "int cuDriverGetVersion(int *v) { *v = " + version + "; return 0; }"));
    }

    static Path nvrtc(Path folder, int major, int minor) throws Exception {
        build(folder, "libnvrtc-builtins.so." + major + "." + minor, List.of(), Map.of());
        return build(
                folder,
                "libnvrtc.so." + major,
                NativeLibrary.functionsOf(org.codanet.bindings.nvrtc.Nvrtc.class),
                Map.of(
                        "nvrtcVersion",
                        "int nvrtcVersion(int *a, int *b) { *a = " + major + "; *b = " + minor + "; return 0; }"));
    }

    static Path cublas(Path folder, int major) throws Exception {
        cublasLt(folder, major, 0);
        return build(
                folder,
                "libcublas.so." + major,
                NativeLibrary.functionsOf(org.codanet.bindings.cublas.Cublas.class),
                Map.of("cublasGetProperty", property("cublasGetProperty", major, 0)));
    }

    static Path cublasLt(Path folder, int major, int minor) throws Exception {
        return build(
                folder,
                "libcublasLt.so." + major,
                NativeLibrary.functionsOf(org.codanet.bindings.cublaslt.CublasLt.class),
                Map.of("cublasLtGetProperty", property("cublasLtGetProperty", major, minor)));
    }

    /** cuDNN 9.19 for the given major version of CUDA. */
    static Path cudnn(Path folder, int cudaMajor) throws Exception {
        return build(
                folder,
                "libcudnn.so.9",
                NativeLibrary.functionsOf(org.codanet.bindings.cudnn.Cudnn.class),
                Map.of(
                        "cudnnGetVersion",
                        "long cudnnGetVersion(void) { return 91900; }",
                        "cudnnGetCudartVersion",
                        "long cudnnGetCudartVersion(void) { return " + cudaMajor * 1000 + "; }"));
    }

    private static String property(String function, int major, int minor) {
        return "int " + function + "(int which, int *v) { *v = which == 0 ? " + major + " : which == 1 ? " + minor
                + " : 0; return 0; }";
    }

    /**
     * Compiles one library. The calling test is skipped if there is no C compiler.
     *
     * @param bodies definitions that replace the empty ones
     */
    static Path build(Path folder, String fileName, List<String> functions, Map<String, String> bodies)
            throws IOException, InterruptedException {
        Skip.unlessForGpu(hasCompiler(), "there is no C compiler 'cc' to build stand-ins for CUDA's libraries with");
        Files.createDirectories(folder);
        Path source = folder.resolve(fileName + ".c");
        Files.writeString(
                source,
                Stream.concat(
                                functions.stream()
                                        .filter(function -> !bodies.containsKey(function))
                                        .map(function -> "int " + function + "(void) { return 0; }"),
                                bodies.values().stream())
                        .collect(Collectors.joining("\n", "", "\n")));
        Path library = folder.resolve(fileName);
        run(List.of(
                "cc",
                "-shared",
                "-fPIC",
                "-w",
                "-O0",
                "-Wl,-soname," + fileName,
                "-o",
                library.toString(),
                source.toString()));
        return library;
    }

    private static boolean hasCompiler() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }
}

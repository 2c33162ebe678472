package org.codanet.bindings;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where CUDA's libraries are searched for, and which are refused. Every test builds stand-ins and loads them in a child JVM. */
final class CudaSearchTest {
    @TempDir
    Path temporary;

    private Path folder;

    @BeforeEach
    void resolve() throws IOException {
        folder = temporary.toRealPath();
    }

    @Test
    void aConfiguredFolderProvidesEveryLibraryAndTheDriver() throws Exception {
        Path all = folder.resolve("all");
        StubLibrary.driver(all, 13_000);
        toolkit(all, 13);
        String output = search(Map.of("codanet.cuda.path", all.toString()), Map.of());
        assertLoaded(output, "CUDA driver", "13.0", all.resolve("libcuda.so.1"), "-Dcodanet.cuda.path");
        assertLoaded(output, "NVRTC", "13.0", all.resolve("libnvrtc.so.13"), "-Dcodanet.cuda.path");
        assertLoaded(output, "cuBLAS", "13.0.0", all.resolve("libcublas.so.13"), "-Dcodanet.cuda.path");
        assertLoaded(output, "cuBLASLt", "13.0.0", all.resolve("libcublasLt.so.13"), "-Dcodanet.cuda.path");
        assertLoaded(output, "cuDNN", "9.19.0", all.resolve("libcudnn.so.9"), "-Dcodanet.cuda.path");
    }

    @Test
    void theVariableMayNameSeveralFolders() throws Exception {
        StubLibrary.nvrtc(folder.resolve("a"), 13, 0);
        StubLibrary.cublas(folder.resolve("b"), 13);
        StubLibrary.cudnn(folder.resolve("c"), 13);
        String output = search(Map.of(), Map.of("CODANET_CUDA_PATH", folder + "/a:" + folder + "/b:" + folder + "/c"));
        assertLoaded(output, "NVRTC", "13.0", folder.resolve("a/libnvrtc.so.13"), "CODANET_CUDA_PATH");
        assertLoaded(output, "cuDNN", "9.19.0", folder.resolve("c/libcudnn.so.9"), "CODANET_CUDA_PATH");
    }

    @Test
    void aConfiguredFolderWithoutTheLibraryIsNotReplacedByAnotherPlace() throws Exception {
        Path home = folder.resolve("home/lib64");
        toolkit(home, 13);
        Path empty = Files.createDirectory(folder.resolve("empty"));
        String output = search(
                Map.of("codanet.cuda.path", empty.toString()),
                Map.of("CUDA_HOME", folder.resolve("home").toString()));
        assertTrue(output.contains("NVRTC missing"), output);
        assertTrue(
                output.contains("-Dcodanet.cuda.path: " + empty + ": no libnvrtc.so.13 or libnvrtc.so.12 in it"),
                output);
    }

    @Test
    void cudaHomeIsPreferredToPythonsPackages() throws Exception {
        toolkit(folder.resolve("home/lib64"), 13);
        Path packages = packages(13);
        String output = search(
                Map.of(),
                Map.of(
                        "CUDA_HOME",
                        folder.resolve("home").toString(),
                        "PATH",
                        pythonWith(packages).toString()));
        assertLoaded(output, "NVRTC", "13.0", folder.resolve("home/lib64/libnvrtc.so.13"), "CUDA_HOME");
    }

    @Test
    void theSystemsLinkerIsPreferredToPythonsPackages() throws Exception {
        Path system = folder.resolve("system");
        toolkit(system, 13);
        String output = search(
                Map.of(),
                Map.of(
                        "LD_LIBRARY_PATH",
                        system.toString(),
                        "CUDA_HOME",
                        nothing(),
                        "PATH",
                        pythonWith(packages(13)).toString()));
        assertLoaded(output, "cuBLAS", "13.0.0", system.resolve("libcublas.so.13"), "system libraries");
        assertLoaded(output, "cuBLASLt", "13.0.0", system.resolve("libcublasLt.so.13"), "system libraries");
    }

    @Test
    void anActiveEnvironmentIsPreferredToThePythonOnThePath() throws Exception {
        assumeNoCudaOnThisSystem();
        Path environment = folder.resolve("venv");
        toolkit(environment.resolve("lib/python3.11/site-packages/nvidia/cu13/lib"), 13);
        String output = search(
                Map.of(),
                Map.of(
                        "VIRTUAL_ENV", environment.toString(),
                        "CUDA_HOME", nothing(),
                        "PATH", pythonWith(packages(13)).toString()));
        assertLoaded(
                output,
                "cuDNN",
                "9.19.0",
                environment.resolve("lib/python3.11/site-packages/nvidia/cu13/lib/libcudnn.so.9"),
                "VIRTUAL_ENV");
    }

    @Test
    void python3NamesTheFoldersOfItsPackages() throws Exception {
        assumeNoCudaOnThisSystem();
        Path packages = packages(12);
        String output = search(
                Map.of(),
                Map.of("CUDA_HOME", nothing(), "PATH", pythonWith(packages).toString()));
        assertLoaded(output, "NVRTC", "12.0", packages.resolve("nvidia/cuda_nvrtc/lib/libnvrtc.so.12"), "python3");
        assertLoaded(output, "cuBLAS", "12.0.0", packages.resolve("nvidia/cublas/lib/libcublas.so.12"), "python3");
        assertLoaded(output, "cuDNN", "9.19.0", packages.resolve("nvidia/cudnn/lib/libcudnn.so.9"), "python3");
        assertTrue(output.contains("NVRTC rejected VIRTUAL_ENV: "), output);
    }

    @Test
    void aJarInTheLocalMavenRepositoryIsSearchedLast() throws Exception {
        assumeNoCudaOnThisSystem();
        Path libraries = folder.resolve("libraries");
        StubLibrary.nvrtc(libraries, 13, 1);
        Path jars = Files.createDirectories(folder.resolve("m2/org/bytedeco/cuda-redist/13.1-9.19-1.5.13"));
        try (OutputStream file = Files.newOutputStream(jars.resolve("cuda-redist-13.1-9.19-1.5.13-linux-x86_64.jar"));
                JarOutputStream jar = new JarOutputStream(file)) {
            for (String library : List.of("libnvrtc.so.13", "libnvrtc-builtins.so.13.1")) {
                jar.putNextEntry(new JarEntry("org/bytedeco/cuda/linux-x86_64/" + library));
                Files.copy(libraries.resolve(library), jar);
            }
        }
        String output = search(
                Map.of("maven.repo.local", folder.resolve("m2").toString(), "codanet.cache", folder + "/cache"),
                Map.of("CUDA_HOME", nothing(), "PATH", pythonWith(folder).toString()));
        assertTrue(output.contains("NVRTC loaded 13.1 from " + folder + "/cache/native/"), output);
        assertTrue(output.contains("by Maven repository"), output);
        for (String rule : List.of("CUDA_HOME", "system libraries", "VIRTUAL_ENV", "python3", "bundled jar")) {
            assertTrue(output.contains("NVRTC rejected " + rule + ": "), rule + " in " + output);
        }
        assertTrue(output.contains("cuBLAS missing"), output);
    }

    @Test
    void aDriverForCuda12RejectsLibrariesOfCuda13AndAcceptsThoseOf12() throws Exception {
        StubLibrary.driver(folder, 12_040);
        toolkit(folder, 13);
        StubLibrary.nvrtc(folder, 12, 8);
        StubLibrary.cublas(folder, 12);
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(
                output.contains("libnvrtc.so.13: version 13.0 is of CUDA 13, and the driver knows CUDA 12.4"), output);
        assertLoaded(output, "NVRTC", "12.8", folder.resolve("libnvrtc.so.12"), "-Dcodanet.cuda.path");
        assertLoaded(output, "cuBLASLt", "12.0.0", folder.resolve("libcublasLt.so.12"), "-Dcodanet.cuda.path");
        assertTrue(output.contains("cuDNN missing"), output);
        assertTrue(output.contains("libcudnn.so.9: version 9.19.0 is of CUDA 13, and "), output);
        assertTrue(output.contains("install pip install nvidia-cuda-nvrtc-cu12=="), output);
    }

    @Test
    void aDriverOlderThanCuda12IsRejectedByItsVersion() throws Exception {
        StubLibrary.driver(folder, 11_080);
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(output.contains("is a driver for CUDA 11.8; CUDA 12.0, driver 525, is needed"), output);
    }

    @Test
    void librariesOfTwoCudasAreNotMixed() throws Exception {
        StubLibrary.nvrtc(folder, 13, 0);
        StubLibrary.cublas(folder, 12);
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(output.contains("cuBLAS missing"), output);
        assertTrue(output.contains("is of CUDA 12, and NVRTC 13.0, " + folder.resolve("libnvrtc.so.13")), output);
    }

    @Test
    void builtinsOfAnotherNvrtcAreNamed() throws Exception {
        StubLibrary.nvrtc(folder, 13, 0);
        Files.move(folder.resolve("libnvrtc-builtins.so.13.0"), folder.resolve("libnvrtc-builtins.so.13.1"));
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(
                output.contains(
                        "is NVRTC 13.0 and beside it is only libnvrtc-builtins.so.13.1: the folder holds parts"),
                output);
    }

    @Test
    void partsOfTwoCudnnsInOneFolderAreNamedWithThePackagesThatInstalledThem() throws Exception {
        Path packages = folder.resolve("lib/python3.11/site-packages");
        Path nvidia = packages.resolve("nvidia");
        StubLibrary.nvrtc(nvidia.resolve("cu13/lib"), 13, 0);
        StubLibrary.cublas(nvidia.resolve("cu13/lib"), 13);
        Path cudnn = nvidia.resolve("cudnn/lib");
        StubLibrary.build(
                cudnn,
                "libcudnn.so.9",
                NativeLibrary.functionsOf(org.codanet.bindings.cudnn.Cudnn.class),
                Map.of(
                        "cudnnGetErrorString",
                                "char *cudnnGetErrorString(int s) { return \"STATUS_OF_THE_STAND_IN\"; }",
                        "cudnnOpsVersionCheck", "int cudnnOpsVersionCheck(void) { return 1002; }"));
        Files.createDirectory(packages.resolve("nvidia_cudnn_cu12-9.10.2.21.dist-info"));
        Files.createDirectory(packages.resolve("nvidia_cudnn_cu13-9.19.0.56.dist-info"));
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(
                output.contains(
                        "cudnnOpsVersionCheck: STATUS_OF_THE_STAND_IN: the folder holds parts of two versions of"
                                + " cuDNN: nvidia_cudnn_cu12-9.10.2.21 and nvidia_cudnn_cu13-9.19.0.56 are both"),
                output);
    }

    @Test
    void aPartThatDoesNotOpenIsNamed() throws Exception {
        toolkit(folder, 13);
        Files.write(folder.resolve("libcudnn_ops.so.9"), new byte[100]);
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(output.contains("libcudnn_ops.so.9 beside it does not load: invalid ELF header"), output);
    }

    @Test
    void cublasLtIsLoadedFromTheFolderOfCublasWhateverTheLinkersPathIs() throws Exception {
        Path other = folder.resolve("other");
        StubLibrary.cublasLt(other, 13, 9);
        Path all = folder.resolve("all");
        toolkit(all, 13);
        String output =
                search(Map.of("codanet.cuda.path", all.toString()), Map.of("LD_LIBRARY_PATH", other.toString()));
        assertLoaded(output, "cuBLASLt", "13.0.0", all.resolve("libcublasLt.so.13"), "-Dcodanet.cuda.path");
    }

    @Test
    void aLibraryThatTheProcessLoadedFromElsewhereIsNamed() throws Exception {
        Path other = StubLibrary.cublasLt(folder.resolve("other"), 13, 9);
        Path all = folder.resolve("all");
        toolkit(all, 13);
        String output = search(Map.of("codanet.cuda.path", all.toString()), Map.of("LD_PRELOAD", other.toString()));
        assertTrue(output.contains("cuBLAS missing"), output);
        assertTrue(output.contains("this process already has another libcublasLt.so.13: " + other), output);
    }

    @Test
    void aFunctionThatIsMissingIsNamed() throws Exception {
        Path nvrtc = StubLibrary.build(folder, "libnvrtc.so.13", List.of("nvrtcVersion"), Map.of());
        String output = search(Map.of("codanet.cuda.path", folder.toString()), Map.of());
        assertTrue(output.contains(nvrtc + ": is version 0.0 and lacks "), output);
        assertTrue(output.contains("functions needed: nvrtcAddNameExpression, "), output);
    }

    @Test
    void withoutAnyLibraryEveryPlaceAndTheInstallCommandAreNamed() throws Exception {
        assumeNoCudaOnThisSystem();
        Path emptyPath = Files.createDirectory(folder.resolve("bin"));
        String output = search(
                Map.of("maven.repo.local", folder.toString()),
                Map.of("CUDA_HOME", nothing(), "PATH", emptyPath.toString()));
        for (String library : List.of("CUDA driver", "NVRTC", "cuBLAS", "cuBLASLt", "cuDNN")) {
            assertTrue(output.contains(library + " missing"), library + " in " + output);
        }
        assertTrue(output.contains("libcuda.so.1: cannot open shared object file"), output);
        assertTrue(output.contains("NVRTC rejected python3: cannot be run"), output);
        assertTrue(output.contains("install pip install nvidia-cuda-nvrtc==13.0.88 "), output);
    }

    private static void assertLoaded(String output, String library, String version, Path file, String origin) {
        assertTrue(output.contains(library + " loaded " + version + " from " + file + " by " + origin + "\n"), output);
    }

    private static void assumeNoCudaOnThisSystem() {
        for (String library : List.of(
                "libcuda.so.1",
                "libnvrtc.so.13",
                "libnvrtc.so.12",
                "libcublas.so.13",
                "libcublas.so.12",
                "libcudnn.so.9")) {
            try (DynamicLinker found = DynamicLinker.open(library)) {
                Skip.unless(false, "the system's own " + found.path() + " goes before what this test looks for");
            } catch (DynamicLinker.NotOpened absent) {
                assertFalse(absent.getMessage().isEmpty());
            }
        }
    }

    private String search(Map<String, String> properties, Map<String, String> environment) throws Exception {
        Map<String, String> all = new TreeMap<>(
                Map.of("maven.repo.local", folder.resolve("no-repository").toString()));
        all.putAll(properties);
        return ChildJvm.startWithoutCarrier(LoadCuda.class, all, environment).output();
    }

    private static void toolkit(Path folder, int major) throws Exception {
        StubLibrary.nvrtc(folder, major, 0);
        StubLibrary.cublas(folder, major);
        StubLibrary.cudnn(folder, major);
    }

    /** A folder of packages with the layout that pip creates. */
    private Path packages(int major) throws Exception {
        Path packages = folder.resolve("site-packages");
        Path nvidia = packages.resolve("nvidia");
        if (major == 13) {
            StubLibrary.nvrtc(nvidia.resolve("cu13/lib"), 13, 0);
            StubLibrary.cublas(nvidia.resolve("cu13/lib"), 13);
        } else {
            StubLibrary.nvrtc(nvidia.resolve("cuda_nvrtc/lib"), major, 0);
            StubLibrary.cublas(nvidia.resolve("cublas/lib"), major);
        }
        StubLibrary.cudnn(nvidia.resolve("cudnn/lib"), major);
        return packages;
    }

    /** A folder with a python3 that prints the folder of packages, whatever program it gets. */
    private Path pythonWith(Path packages) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("python-bin"));
        Path python = Files.writeString(bin.resolve("python3"), "#!/bin/sh\necho " + packages + "\n");
        Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
        return bin;
    }

    private String nothing() throws IOException {
        return Files.createDirectories(folder.resolve("nothing")).toString();
    }
}

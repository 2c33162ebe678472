package org.codanet.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** If a library lacks a function, opening the device fails, and not the first use of the function. */
final class MissingFunctionTest {
    @TempDir
    Path folder;

    /** Runs in the other JVM: opens the device by name, and then the device that {@code auto} selects. */
    static final class Open {
        private Open() {}

        public static void main(String[] arguments) {
            try (Device device = Devices.open("cuda", DeviceOptions.defaults())) {
                System.out.println("opened " + device.name());
            } catch (DeviceException refusal) {
                System.out.println("refused: " + refusal.getMessage().replace('\n', ' '));
            }
            Devices.Choice choice = Devices.choose("auto", DeviceOptions.defaults());
            try (Device device = choice.device()) {
                System.out.println(
                        "auto: " + device.name() + ", " + choice.reason().replace('\n', ' '));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "libcuda.so.1, cuGraphLaunch, 'is version 13.0 and lacks 1 of the '",
        "libnvrtc.so.13, nvrtcGetCUBIN, 'is version 13.0 and lacks 1 of the '",
        "libcublas.so.13, cublasGemmEx, 'is version 13.0.0 and lacks 1 of the '",
        "libcudnn.so.9, cudnnConvolutionForward, 'is version 9.19.0 and lacks 1 of the '",
        "libcudnn.so.9, cudnnGetVersion, 'lacks 1 of the '",
    })
    void theMessageNamesLibraryVersionAndFunctionAndAutoSelectsTheProcessor(
            String library, String function, String says) throws IOException {
        copyLibraries();
        Path broken = folder.resolve(library);
        Files.write(broken, without(function, Files.readAllBytes(broken)));
        String output = OtherJvm.output(folder.toString(), Open.class);
        String expected = broken + ": " + says;
        for (String line : new String[] {"refused: device cuda is not available: ", "auto: cpu, not cuda ("}) {
            String found = output.lines()
                    .filter(each -> each.startsWith(line))
                    .findFirst()
                    .orElse("no line '" + line + "' in " + output);
            assertTrue(found.contains(expected) && found.contains("functions needed: " + function), found);
        }
        assertEquals(2, output.lines().count(), output);
    }

    /** Runs in the other JVM: launches a kernel without arguments. */
    static final class LaunchWithoutArguments {
        private LaunchWithoutArguments() {}

        public static void main(String[] arguments) {
            CudaLibraries.driver();
            try (CudaResources resources =
                    new CudaResources(new CudaContext(0), CudaLibraries.nvrtc(), Precision.FP32, 0, 1 << 20)) {
                resources.kernel(CudaResources.source("elementwise.cu"), "axpy").launch(1, CudaResources.BLOCK);
            } catch (IllegalArgumentException refusal) {
                System.out.println(refusal.getMessage());
            }
        }
    }

    /** Drivers before CUDA 12.4 cannot report the parameters of a kernel, so only its source declares them. */
    @Test
    void anOldDriverIsUsedAndArgumentsAreCheckedAllTheSame() throws IOException {
        copyLibraries();
        Path driver = folder.resolve("libcuda.so.1");
        Files.write(driver, without("cuFuncGetParamInfo", Files.readAllBytes(driver)));
        assertTrue(OtherJvm.output(folder.toString(), Open.class).startsWith("opened cuda:0\n"));
        assertEquals(
                "kernel axpy of elementwise.cu: 0 arguments were set, it has 4 parameters\n",
                OtherJvm.output(folder.toString(), LaunchWithoutArguments.class));
    }

    @Test
    void theSameLibrariesWithAllFunctionsOpen() {
        String output = OtherJvm.output(SimulatedMachine.folder().toString(), Open.class);
        assertTrue(output.startsWith("opened cuda:0\nauto: cuda:0"), output);
    }

    private void copyLibraries() throws IOException {
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(SimulatedMachine.folder(), "{lib*.so.*[0-9],*.h}")) {
            for (Path file : files) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    /** A copy of the library in which every occurrence of the function's name is changed, so that a lookup does not find the function. */
    private static byte[] without(String function, byte[] library) {
        String bytes = new String(library, StandardCharsets.ISO_8859_1);
        String name = "\0" + function + "\0";
        String other = "\0" + function.substring(0, function.length() - 1) + "_\0";
        assertTrue(bytes.contains(name), "the library has no " + function);
        return bytes.replace(name, other).getBytes(StandardCharsets.ISO_8859_1);
    }
}

package org.codanet.gpu.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.Stream;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.KernelSources;
import org.codanet.nn.op.AugmentationOperation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Tests that a launch is refused if its arguments do not match the kernel's parameters. {@code cuLaunchKernel} itself checks nothing. */
final class KernelArgumentsTest {
    private static final KernelSource ELEMENTWISE = CudaResources.source("elementwise.cu");

    private final SimulatedMachine machine = SimulatedMachine.get();
    private CudaContext context;
    private Stream stream;
    private KernelCompiler compiler;

    @BeforeEach
    void openTheDevice() {
        machine.reset();
        CudaLibraries.driver();
        context = new CudaContext(0);
        stream = Stream.create(context);
        compiler = new KernelCompiler(context, stream, CudaLibraries.nvrtc());
    }

    @AfterEach
    void closeTheDevice() {
        stream.drain();
        compiler.close();
        stream.close();
        context.close();
        assertEquals("", machine.live());
        assertEquals("", machine.violation());
    }

    /** {@code axpy(float* to, const float* from, float factor, long long count)}. */
    private Kernel axpy() {
        return compiler.kernel(ELEMENTWISE, "axpy");
    }

    private static Kernel allOf(Kernel axpy) {
        return axpy.pointer(DevicePointer.NULL)
                .pointer(DevicePointer.NULL)
                .float32(2)
                .int64(0);
    }

    private void assertRefused(String message, UnaryOperator<Kernel> arguments) {
        long launches = machine.calls("cuLaunchKernel");
        assertEquals(
                message,
                assertThrows(
                                IllegalArgumentException.class,
                                () -> arguments.apply(axpy()).launch(1, CudaResources.BLOCK))
                        .getMessage());
        assertEquals(launches, machine.calls("cuLaunchKernel"));
    }

    @Nested
    final class ALaunchIsRefused {
        @Test
        void withOneArgumentTooFew() {
            assertRefused(
                    "kernel axpy of elementwise.cu: 3 arguments were set, it has 4 parameters",
                    kernel -> kernel.pointer(DevicePointer.NULL)
                            .pointer(DevicePointer.NULL)
                            .float32(2));
        }

        /** A forgotten argument must not keep its value from the previous launch. */
        @Test
        void withOneArgumentTooFewAfterALaunchWithAll() {
            allOf(axpy()).launch(1, CudaResources.BLOCK);
            withOneArgumentTooFew();
        }

        @Test
        void withOneArgumentTooMany() {
            assertRefused(
                    "kernel axpy of elementwise.cu: 5 arguments were set, it has 4 parameters",
                    kernel -> allOf(kernel).int32(1));
        }

        @Test
        void withAnArgumentOfAnotherSize() {
            assertRefused(
                    "kernel axpy of elementwise.cu: argument 3 of 4 has type double (8 bytes), the parameter float (4 bytes)",
                    kernel -> kernel.pointer(DevicePointer.NULL)
                            .pointer(DevicePointer.NULL)
                            .float64(2)
                            .int64(0));
        }

        @Test
        void withAnArgumentOfTheSameSizeAndAnotherType() {
            assertRefused(
                    "kernel axpy of elementwise.cu: argument 3 of 4 has type int (4 bytes), the parameter float (4 bytes)",
                    kernel -> kernel.pointer(DevicePointer.NULL)
                            .pointer(DevicePointer.NULL)
                            .int32(2)
                            .int64(0));
        }

        @Test
        void withTheArgumentsOfAnotherOrder() {
            assertRefused(
                    "kernel axpy of elementwise.cu: argument 1 of 4 has type long long (8 bytes), the parameter pointer (8 bytes)",
                    kernel -> kernel.int64(0)
                            .pointer(DevicePointer.NULL)
                            .float32(2)
                            .pointer(DevicePointer.NULL));
        }
    }

    @Nested
    final class ALaunchAfterARefusedOneRuns {
        @Test
        void whenTheArgumentsWereTooFew() {
            withOneTooFew();
            allOf(axpy()).launch(1, CudaResources.BLOCK);
        }

        private void withOneTooFew() {
            assertThrows(IllegalArgumentException.class, () -> axpy().int32(1).launch(1, CudaResources.BLOCK));
        }

        /** An operation may refuse a tensor after it has set some of the arguments. */
        @Test
        void whenItNeverCameToTheLaunch() {
            axpy().pointer(DevicePointer.NULL);
            allOf(axpy()).launch(1, CudaResources.BLOCK);
        }
    }

    @Nested
    final class TheDriver {
        @Test
        void isAskedOnceAKernel() {
            allOf(axpy()).launch(1, CudaResources.BLOCK);
            long asked = machine.calls("cuFuncGetParamInfo");
            assertEquals(5, asked - before, "four parameters, and that there is no fifth");
            allOf(axpy()).launch(1, CudaResources.BLOCK);
            assertEquals(asked, machine.calls("cuFuncGetParamInfo"));
        }

        private final long before = machine.calls("cuFuncGetParamInfo");

        @Test
        void mustKnowTheParametersThatTheSourceDeclares() {
            KernelParameters axpy = KernelParameters.of(ELEMENTWISE).get("axpy");
            axpy.requireSizes(List.of(8L, 8L, 4L, 8L));
            assertEquals(
                    "kernel axpy of elementwise.cu: the source declares parameters of [8, 8, 4, 8] bytes,"
                            + " the driver has parameters of [8, 8, 4]",
                    assertThrows(IllegalStateException.class, () -> axpy.requireSizes(List.of(8L, 8L, 4L)))
                            .getMessage());
        }
    }

    @Nested
    final class TheSources {
        @Test
        void declareParametersThatALaunchCanSet() {
            for (KernelSource source : KernelSources.all(90)) {
                long declared = source.text()
                        .lines()
                        .filter(line -> line.contains("extern \"C\" __global__"))
                        .count();
                assertEquals(declared, KernelParameters.of(source).size(), source.file());
            }
        }

        @Test
        void withATypeThatNoLaunchCanSetAreRefused() {
            assertEquals(
                    "kernel takes_a_short of short_parameter.cu: a launch cannot set a parameter 'short value';"
                            + " known types are pointers, int, long long, float and double",
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> KernelParameters.of(KernelSource.of("short_parameter.cu")))
                            .getMessage());
        }
    }

    @Nested
    final class Defines {
        @Test
        void nameTheConstantsOfAnEnumByItsPrefix() {
            List<String> defines = KernelSource.of("elementwise.cu")
                    .define("KIND", AugmentationOperation.Kind.class)
                    .defines();
            assertEquals(List.of("WARP_SIZE=32", "KIND_IDENTITY=0", "KIND_WARP=1"), defines.subList(0, 3));
        }

        @Test
        void areTheCompilersOptionsInTheirOrder() {
            KernelSource source =
                    KernelSource.of("elementwise.cu").define("BLOCK", 64).define("ADDS", true);
            assertEquals(
                    List.of("-DWARP_SIZE=32", "-DBLOCK=64", "-DADDS=1"),
                    source.options().toList());
        }

        @Test
        void distinguishSources() {
            KernelSource one = KernelSource.of("elementwise.cu").define("BLOCK", 64);
            assertEquals(2, Map.of(one, 1, one.define("ADDS", false), 2).size());
        }
    }
}

package org.codanet.gpu.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.CudaException;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.HostMemory;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.driver.PinnedMemory;
import org.codanet.gpu.library.Matrix;
import org.codanet.nn.device.Precision;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that the simulated machine reports errors of kernels. Without these tests, a run without reports would prove nothing. */
final class SimulatedMemoryTest {
    private final SimulatedMachine machine = SimulatedMachine.get();

    @FunctionalInterface
    private interface Use {
        void of(CudaResources resources, MemoryPool.Block to, MemoryPool.Block from);
    }

    /** Runs a kernel that must fail, and returns the violation. */
    private String violation(Use use) {
        return report((resources, to, from) ->
                assertThrows(CudaException.class, () -> andWait(use).of(resources, to, from)));
    }

    /** The use, followed by a wait. The machine runs queued work when the program waits for it. */
    private static Use andWait(Use use) {
        return (resources, to, from) -> {
            use.of(resources, to, from);
            resources.stream().synchronize();
        };
    }

    /** Runs a kernel on two memory blocks of 100 floats, of which it writes the second. Returns the violation; empty if there is none. */
    private String report(Use use) {
        machine.reset();
        CudaLibraries.driver();
        CudaLibraries.cublas();
        try (CudaResources resources =
                new CudaResources(new CudaContext(0), CudaLibraries.nvrtc(), Precision.FP32, 0, 1 << 20)) {
            MemoryPool.Block to = resources.memory().take(400, "to");
            MemoryPool.Block from = resources.memory().take(400, "from");
            resources.staging().upload(new float[100], from.pointer());
            try {
                use.of(resources, to, from);
                return machine.violation();
            } finally {
                to.release();
                from.release();
            }
        } finally {
            assertEquals("", machine.live());
            machine.reset();
        }
    }

    private static void sign(CudaResources resources, DevicePointer to, DevicePointer from, long count) {
        resources
                .kernel(CudaResources.source("elementwise.cu"), "sign")
                .pointer(to)
                .pointer(from)
                .float32(1)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    private static void launch(
            CudaResources resources, String kernel, int blocks, DevicePointer to, DevicePointer from) {
        resources
                .kernel(CudaResources.source("broken.cu"), kernel)
                .pointer(to)
                .pointer(from)
                .launch(blocks, 64);
    }

    @Nested
    final class AnAccessOfAKernelToDeviceMemory {
        @Test
        void mayNotWriteBehindTheEnd() {
            String reported = violation(
                    (resources, to, from) -> sign(resources, to.pointer().from(4), from.pointer(), 100));
            assertEquals("sign: block (0, 0, 0), thread (99, 0, 0) writes memory that is not allocated", reported);
        }

        @Test
        void mayNotReadBehindTheEnd() {
            String reported = violation((resources, to, from) ->
                    sign(resources, to.pointer(), from.pointer().from(4), 100));
            assertEquals("sign: block (0, 0, 0), thread (99, 0, 0) reads memory that is not allocated", reported);
        }

        @Test
        void mayNotReadWhatWasNeverWritten() {
            String reported = violation((resources, to, from) -> sign(resources, from.pointer(), to.pointer(), 100));
            assertEquals("sign: block (0, 0, 0), thread (0, 0, 0) reads memory that was never written", reported);
        }
    }

    @Nested
    final class Violations {
        @ParameterizedTest
        @ValueSource(strings = {"keeps_block_barrier", "keeps_warp_barrier", "keeps_copies", "keeps_atomics"})
        void ofKernelsThatKeepTheRulesAreNotReported(String kernel) {
            Use use = (resources, to, from) -> launch(resources, kernel, 1, to.pointer(), from.pointer());
            assertEquals("", report(andWait(use)));
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
            reads_too_early                 | 1 | thread (1, 0, 0) reads a word that thread 0 of its block has written, without a barrier in between
            writes_too_early                | 1 | thread (63, 0, 0) writes a word that several threads have read, without a barrier in between
            waits_for_its_warp_alone        | 1 | thread (32, 0, 0) reads a word that thread 0 of its block has written, without a barrier in between
            exchanges_and_does_not_wait     | 1 | thread (0, 0, 0) reads a word that thread 1 of its block has written, without a barrier in between
            reads_what_nothing_wrote        | 1 | thread (63, 0, 0) reads shared memory that was never written
            refills_too_early               | 1 | thread (32, 0, 0) reads a word that thread 31 of its block has written, without a barrier in between
            reads_while_it_is_copied        | 1 | thread (0, 0, 0) writes a word that thread 63 of its block has read, without a barrier in between
            reads_misaligned                | 1 | thread (0, 0, 0): an access whose address is not a multiple of its size
            counts_from_nothing             | 1 | thread (0, 0, 0) reads shared memory that was never written
            counts_too_early                | 1 | thread (0, 0, 0) writes a word that thread 0 of its block has written, without a barrier in between
            reads_what_is_counted           | 1 | thread (0, 0, 0) reads a word that several threads have written, without a barrier in between
            counts_what_is_read             | 1 | thread (1, 0, 0) reads a word that several threads have written, without a barrier in between
            reads_what_another_block_counts | 2 | thread (0, 0, 0) reads a word that another block has written
            writes_where_another_block_does | 2 | thread (0, 0, 0) writes a word that another block has written
            reads_what_another_block_writes | 2 | thread (0, 0, 0) reads a word that another block has written
            """)
        void ofKernelsThatBreakARuleAreReportedWhateverTheOrderOfTheThreads(
                String kernel, int blocks, String expected) {
            assertEquals(
                    kernel + ": block (" + (blocks - 1) + ", 0, 0), " + expected,
                    violation(
                            (resources, to, from) -> launch(resources, kernel, blocks, to.pointer(), from.pointer())));
        }
    }

    @Nested
    final class QueuedWork {
        /** Ensures that a test fails if the host overwrites a buffer before the copy from it has run. */
        @Test
        void copiesThePinnedMemoryOnlyWhenTheHostWaits() {
            float[] arrived = new float[1];
            String reported = report((resources, to, from) -> {
                try (PinnedMemory buffer = PinnedMemory.allocate(resources.context(), 4)) {
                    buffer.segment().set(ValueLayout.JAVA_FLOAT, 0, 1);
                    resources.stream().upload(buffer.segment(), to.pointer());
                    buffer.segment().set(ValueLayout.JAVA_FLOAT, 0, 2);
                    resources.stream().synchronize();
                }
                resources.staging().download(to.pointer().slice(0, 4), arrived);
            });
            assertEquals("", reported);
            assertEquals(2, arrived[0]);
        }

        @Test
        void mayNotLoseItsPinnedMemory() {
            String reported = report((resources, to, from) -> {
                PinnedMemory buffer = PinnedMemory.allocate(resources.context(), 4);
                MemorySegment memory = buffer.segment();
                resources.stream().upload(memory, to.pointer());
                buffer.close();
                resources.stream().synchronize();
                assertTrue(HostMemory.free(memory));
            });
            assertEquals("cuMemFreeHost while work is queued that may copy to or from it", reported);
        }
    }

    @Nested
    final class ALibrary {
        @Test
        void mayNotReadBehindTheEnd() {
            String reported = violation((resources, to, from) -> {
                // The range has 121 floats, of which 100 are allocated.
                DevicePointer tooLong = new DevicePointer(from.pointer().address(), 121 * Float.BYTES);
                Matrix product = Matrix.of(to.pointer(), 9, 11);
                resources.cublas().multiply(Matrix.of(tooLong, 9, 11), Matrix.of(tooLong, 11, 11), product, false);
            });
            assertTrue(reported.startsWith("cublasGemm reads memory that is not allocated"), reported);
        }
    }
}

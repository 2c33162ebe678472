package org.codanet.gpu.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntBinaryOperator;
import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.CudaException;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.device.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests the functions of {@code warpgroup.cuh} on the simulated machine: results of kernels that keep every rule, and the report of each
 * broken one. Without these tests, a run of a kernel without reports would prove nothing.
 */
final class WarpgroupTest {
    private static final int SHARED = 60_000;

    private final SimulatedMachine machine = SimulatedMachine.get();

    /** A launch of one block on device memory. */
    private record Launch(String kernel, int threads, int shared, float[] from, int results) {
        float[] run() {
            try (CudaResources resources =
                    new CudaResources(new CudaContext(0), CudaLibraries.nvrtc(), Precision.FP32, 0, 1 << 20)) {
                MemoryPool.Block to = resources.memory().take((long) results * Float.BYTES, "to");
                MemoryPool.Block input = resources.memory().take((long) from.length * Float.BYTES, "from");
                try {
                    resources.staging().upload(from, input.pointer());
                    resources
                            .kernel(CudaResources.source("warpgroup.cu").define("SHARED_BYTES", SHARED), kernel)
                            .pointer(to.pointer())
                            .pointer(input.pointer())
                            .shared(shared)
                            .launch(1, threads);
                    float[] result = new float[results];
                    resources.staging().download(to.pointer(), result);
                    return result;
                } finally {
                    to.release();
                    input.release();
                }
            }
        }
    }

    private static void openLibraries() {
        CudaLibraries.driver();
        CudaLibraries.cublas();
    }

    private float[] results(String kernel, int threads, float[] from, int results) {
        machine.reset();
        openLibraries();
        try {
            float[] result = new Launch(kernel, threads, SHARED, from, results).run();
            assertEquals("", machine.violation());
            return result;
        } catch (CudaException failed) {
            throw new AssertionError(machine.violation(), failed);
        } finally {
            assertEquals("", machine.live());
            machine.reset();
        }
    }

    private String violation(Launch launch) {
        machine.reset();
        openLibraries();
        try {
            assertThrows(CudaException.class, launch::run);
            return machine.violation();
        } finally {
            machine.reset();
        }
    }

    /** Numbers that bfloat16 represents exactly, and whose sums of products are exact in float32. */
    private static float[] numbers(int count) {
        Random random = new Random(count);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = random.nextInt(-16, 17);
        }
        return numbers;
    }

    /** The product of two matrices whose elements are at the given places of the numbers. */
    private static float[] product(
            float[] from, int rows, int columns, int depth, IntBinaryOperator left, IntBinaryOperator right) {
        float[] product = new float[rows * columns];
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                for (int k = 0; k < depth; k++) {
                    product[m * columns + n] += from[left.applyAsInt(m, k)] * from[right.applyAsInt(n, k)];
                }
            }
        }
        return product;
    }

    @Test
    void aProductOfTilesInSharedMemory() {
        float[] from = numbers(64 * 64 + 24 * 64);
        float[] expected = product(from, 64, 24, 64, (m, k) -> m * 64 + k, (n, k) -> 64 * 64 + n * 64 + k);
        for (int i = 0; i < expected.length; i++) {
            expected[i] += from[64 * 64 + i % 24 * 64];
        }
        assertArrayEquals(expected, results("multiplies", 128, from, 64 * 24));
    }

    @Test
    void aProductOfTransposedRegistersAndAnOperandInRowsOfTheDepth() {
        float[] from = numbers(64 * 64 + 64 * 72);
        assertArrayEquals(
                product(from, 64, 72, 64, (m, k) -> k * 64 + m, (n, k) -> 64 * 64 + k * 72 + n),
                results("multiplies_columns", 128, from, 64 * 72));
    }

    @Test
    void aProductOfRegistersAndATile() {
        float[] from = numbers(64 * 16 + 16 * 16);
        assertArrayEquals(
                product(from, 64, 16, 16, (m, k) -> m * 16 + k, (n, k) -> 64 * 16 + n * 16 + k),
                results("multiplies_rows", 128, from, 64 * 16));
    }

    @Test
    void aPipelineOfBulkCopies() {
        float[] from = numbers(7 * 64 + 4);
        float[] sums = new float[64];
        float[] expected = new float[64];
        for (int t = 0; t < 64; t++) {
            for (int i = 0; i < 7; i++) {
                sums[t] += from[64 * i + (t + i) % 64];
            }
        }
        for (int t = 0; t < 64; t++) {
            expected[t] = sums[t] + 2 * sums[t ^ 63];
        }
        assertArrayEquals(expected, results("copies", 96, from, 64));
    }

    @Test
    void copiesOrZeros() {
        float[] from = numbers(512);
        float[] expected = new float[512];
        for (int i = 0; i < 512; i++) {
            expected[i] = from[i / 8 * 8] > 0 && i % 8 < 7 ? from[i] : 0;
        }
        assertArrayEquals(expected, results("gathers", 96, from, 512));
    }

    @Test
    void aProductWhoseOperandIsOverwrittenAfterIt() {
        assertArrayEquals(new float[128], results("multiplies_and_leaves", 160, numbers(512), 128));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        expects_too_much          | 96  | thread (0, 0, 0): waits for ever for parity 0 of the barrier at byte 0 of shared memory, which is in phase 0 and expects 0 of 1 arrivals and 16 bytes
        waits_for_wrong_parity    | 96  | thread (0, 0, 0): waits for ever for parity 0 of the barrier at byte 0 of shared memory, which is in phase 0 and expects 1 of 1 arrivals and 0 bytes
        too_few_arrive            | 96  | thread (0, 0, 0): waits for ever for parity 1 of the barrier at byte 0 of shared memory, which is in phase 1 and expects 1 of 1 arrivals and 0 bytes
        refills_too_early         | 96  | thread (64, 0, 0) writes a word that a bulk copy has written, without a barrier in between
        reads_too_early           | 96  | thread (0, 0, 0) reads shared memory that was never written
        expects_nothing           | 96  | thread (0, 0, 0) reads a word that a bulk copy has written, without a barrier in between
        leaves_too_early          | 96  | thread (64, 0, 0) writes a word that thread 0 of its block has read, without a barrier in between
        leaves_alone              | 96  | thread (64, 0, 0) writes a word that thread 1 of its block has read, without a barrier in between
        no_numbered_barrier       | 96  | thread (0, 0, 0) reads shared memory that was never written
        copies_misaligned         | 96  | thread (64, 0, 0): a bulk copy whose addresses or size are not multiples of 16 bytes
        copies_to_unready         | 96  | thread (64, 0, 0): a bulk copy to a barrier that is not ready for the copy engine
        gathers_and_arrives_early | 96  | thread (0, 0, 0) reads a word that thread 64 of its block has written, without a barrier in between
        uses_no_barrier           | 32  | thread (0, 0, 0): uses a barrier that was not initialised
        arrives_too_often         | 32  | thread (0, 0, 0): arrives at the barrier at byte 0 of shared memory, at which all have arrived in this phase
        one_warp_waits            | 64  | thread (0, 0, 0): waits for ever for barrier number 2, at which 32 of 64 threads have arrived
        multiplies_by_three_warps | 128 | thread (95, 0, 0): the warps of a warpgroup take part in different matrix products
        multiplies_without_begin  | 128 | thread (0, 0, 0): a matrix product without products_begin before it
        changes_sums_early        | 128 | thread (0, 0, 0): changes the sums of a matrix product before it has waited for it
        multiplies_misplaced_tile | 128 | thread (0, 0, 0): a matrix operand whose tile does not begin at a multiple of 1024 bytes
        multiplies_invisible      | 160 | thread (0, 0, 0) reads a word that was not made visible to matrix products, in a matrix product
        leaves_products_early     | 160 | thread (0, 0, 0) reads a word that thread 128 of its block has written, without a barrier in between
        """)
    void aBrokenKernelIsReported(String kernel, int threads, String expected) {
        int shared = kernel.equals("one_warp_waits") ? 0 : SHARED;
        assertEquals(
                kernel + ": block (0, 0, 0), " + expected,
                violation(new Launch(kernel, threads, shared, numbers(512), 512)));
    }

    @Test
    void aLaunchWithOtherSharedMemoryThanItsKernelIsReported() {
        assertEquals(
                "copies: block (0, 0, 0), thread (0, 0, 0): the kernel has 60000 bytes of dynamic shared memory, and its launch states"
                        + " 50000",
                violation(new Launch("copies", 96, 50_000, numbers(512), 512)));
    }

    @Test
    void aBlockHasAtMost227KibibytesOfSharedMemory() {
        machine.reset();
        openLibraries();
        Launch launch = new Launch("copies", 96, 227 * 1024 + 1, numbers(512), 512);
        String message = assertThrows(CudaException.class, launch::run).getMessage();
        assertTrue(message.contains("CUDA_ERROR_INVALID_VALUE"), message);
        assertTrue(message.contains("copies with 232449 bytes of shared memory"), message);
        assertEquals("", machine.live());
    }
}

package org.codanet.gpu.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.CudaException;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.device.Precision;
import org.junit.jupiter.api.Test;

/** That the simulated machine sees what a kernel must not do; without this, that it saw nothing would mean nothing. */
final class SimulatedMemoryTest {
    private final SimulatedMachine machine = SimulatedMachine.get();

    @FunctionalInterface
    private interface Use {
        void of(CudaResources resources, MemoryPool.Block to, MemoryPool.Block from);
    }

    /** Runs a kernel on two blocks of 100 floats, the second written, and returns what the machine saw. */
    private String violation(Use use) {
        machine.reset();
        // As a device that is opened does, and one that multiplies.
        CudaLibraries.driver();
        CudaLibraries.cublas();
        try (CudaResources resources =
                new CudaResources(new CudaContext(0), CudaLibraries.nvrtc(), Precision.FP32, 0, 1 << 20)) {
            MemoryPool.Block to = resources.memory().take(400, "to");
            MemoryPool.Block from = resources.memory().take(400, "from");
            resources.staging().upload(new float[100], from.address(), 100);
            assertThrows(CudaException.class, () -> use.of(resources, to, from));
            String seen = machine.violation();
            to.release();
            from.release();
            return seen;
        } finally {
            assertEquals("", machine.live());
            machine.reset();
        }
    }

    private static void sign(CudaResources resources, long to, long from, long count) {
        resources
                .kernel("elementwise.cu", "sign")
                .address(to)
                .address(from)
                .float32(1)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Test
    void aWriteBehindATensorIsSeen() {
        String seen = violation((resources, to, from) -> sign(resources, to.address() + 4, from.address(), 100));
        assertEquals("sign: block (0, 0, 0), thread (99, 0, 0) writes memory that is not allocated", seen);
    }

    @Test
    void aReadBehindATensorIsSeen() {
        String seen = violation((resources, to, from) -> sign(resources, to.address(), from.address() + 4, 100));
        assertEquals("sign: block (0, 0, 0), thread (99, 0, 0) reads memory that is not allocated", seen);
    }

    @Test
    void aReadOfWhatNothingWroteIsSeen() {
        String seen = violation((resources, to, from) -> sign(resources, from.address(), to.address(), 100));
        assertEquals("sign: block (0, 0, 0), thread (0, 0, 0) reads memory that nothing wrote", seen);
    }

    @Test
    void aLibraryThatReadsTooFarIsSeen() {
        String seen = violation((resources, to, from) -> {
            CublasHandle.Matrix matrix = CublasHandle.Matrix.of(from.address(), 11);
            resources.cublas().multiply(9, 11, 11, matrix, matrix, to.address(), 11, false);
        });
        assertTrue(seen.startsWith("cublasGemm reads memory that is not allocated"), seen);
    }
}

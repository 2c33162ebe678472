package org.codanet.nn.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.codanet.bindings.NativeLibraryException;
import org.codanet.bindings.OneDnn;
import org.codanet.bindings.OpenMp;
import org.codanet.bindings.dnnl.Dnnl;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.device.DeviceException;

/**
 * Measures the peak speed of the machine: a float32 product of a {@value #M}×{@value #K} by a {@value #K}×{@value #N} matrix on all
 * threads of a device. Both oneDNN and our own kernels are measured. Each gets the best of several runs, and the faster of the two is
 * the result. The depth is that of a 3×3 patch of 128 channels.
 */
final class PeakProduct {
    private static final int M = 2048;
    private static final int N = 2048;
    private static final int K = 1152;
    private static final double GIGA_OPERATIONS = 2e-9 * M * N * K;

    /** Rows of the left matrix in one task. With this depth they fit in the second-level cache. */
    private static final int TASK_ROWS = 64;

    /** Number of runs. The first ones compile the kernels and wake the threads. */
    private static final int RUNS = 8;

    private final CpuContext context;

    PeakProduct(CpuContext context) {
        this.context = context;
    }

    /** The peak speed in 10⁹ operations per second. */
    double gflops() {
        return Math.max(withKernels(), withOneDnn());
    }

    /** The speed of our own kernels. */
    double withKernels() {
        Kernels kernels = context.kernels();
        int width = 2 * kernels.lanes();
        float[] a = filled(M * K);
        float[] b = filled(K * N);
        float[] c = new float[M * N];
        return best(() -> context.workers().run(M / TASK_ROWS, (task, worker) -> {
            for (int column = 0; column < N / width; column++) {
                for (int row = task * TASK_ROWS; row < (task + 1) * TASK_ROWS; row += Kernels.ROWS) {
                    int tile = (row / Kernels.ROWS * (N / width) + column) * Kernels.ROWS * width;
                    kernels.product(a, row * K, K, b, column * K * width, 2, c, tile, K, false);
                }
            }
        }));
    }

    /** The speed of oneDNN; 0 if it cannot be loaded. */
    double withOneDnn() {
        try {
            OneDnn.load();
        } catch (NativeLibraryException e) {
            return 0;
        }
        OpenMp.setThreads(context.workers().count());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = arena.allocateFrom(ValueLayout.JAVA_FLOAT, filled(M * K));
            MemorySegment b = arena.allocateFrom(ValueLayout.JAVA_FLOAT, filled(K * N));
            MemorySegment c = arena.allocate(ValueLayout.JAVA_FLOAT, (long) M * N);
            return best(() -> {
                int status = Dnnl.dnnl_sgemm((byte) 'N', (byte) 'N', M, N, K, 1, a, K, b, N, 0, c, N);
                if (status != Dnnl.dnnl_success()) {
                    throw new DeviceException("dnnl_sgemm: status " + status + " for " + M + "x" + K + " times " + K
                            + "x" + N + " on " + context.name());
                }
            });
        }
    }

    private static double best(Runnable product) {
        long shortest = Long.MAX_VALUE;
        for (int run = 0; run < RUNS; run++) {
            long start = System.nanoTime();
            product.run();
            shortest = Math.min(shortest, System.nanoTime() - start);
        }
        return GIGA_OPERATIONS / (shortest * 1e-9);
    }

    private static float[] filled(int count) {
        float[] values = new float[count];
        Arrays.fill(values, 0.5f);
        return values;
    }
}

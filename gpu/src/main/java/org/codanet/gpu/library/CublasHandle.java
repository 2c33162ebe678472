package org.codanet.gpu.library;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.Handle;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.driver.Stream;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;

/**
 * Matrix products of one device, row-major. The operands are rounded as the device's precision says, by the matrix units
 * themselves; sums are float32.
 */
public final class CublasHandle extends Handle implements MatrixProducts {
    public static final String OWNER = "cuBLAS workspace";
    /** What NVIDIA recommends for Hopper; with a workspace of its own cuBLAS allocates nothing, so graphs can hold it. */
    private static final long WORKSPACE = 32L << 20;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
    private final MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
    private final MemoryPool.Block workspace;
    private final int compute;

    private CublasHandle(CudaContext context, MemorySegment handle, MemoryPool.Block workspace, int compute) {
        super(context, "cuBLAS handle", handle);
        this.workspace = workspace;
        this.compute = compute;
    }

    /**
     * Opens cuBLAS on a stream.
     *
     * @param memory where the library's workspace comes from
     * @param precision of the products
     * @param selections hears which arithmetic was selected
     */
    public static CublasHandle create(
            CudaContext context, Stream stream, MemoryPool memory, Precision precision, SelectionLog selections) {
        context.enter();
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment out = temporary.allocate(ValueLayout.ADDRESS);
            context.checkCublas(Cublas.cublasCreate_v2(out), "cublasCreate", "the device");
            MemorySegment handle = out.get(ValueLayout.ADDRESS, 0);
            MemoryPool.Block workspace = null;
            try {
                long bytes = workspaceBytes(context);
                workspace = memory.reserve(bytes, OWNER);
                context.checkCublas(
                        Cublas.cublasSetStream_v2(handle, stream.handle()), "cublasSetStream", "the device");
                context.checkCublas(
                        Cublas.cublasSetWorkspace_v2(handle, MemorySegment.ofAddress(workspace.address()), bytes),
                        "cublasSetWorkspace",
                        bytes + " bytes");
            } catch (RuntimeException failure) {
                Cublas.cublasDestroy_v2(handle);
                if (workspace != null) {
                    workspace.release();
                }
                throw failure;
            }
            int compute = compute(precision);
            selections.report("cuBLAS on " + context.name() + ": " + name(compute)
                    + ", GEMM_DEFAULT (its own heuristics for each product), workspace " + workspace.bytes()
                    + " bytes");
            return new CublasHandle(context, handle, workspace, compute);
        }
    }

    /** A small card has small work, which needs no more. */
    public static long workspaceBytes(CudaContext context) {
        return Math.min(WORKSPACE, Math.max(4L << 20, context.totalBytes() / 1024));
    }

    private static int compute(Precision precision) {
        return switch (precision) {
            case FP32 -> Cublas.CUBLAS_COMPUTE_32F();
            case TF32 -> Cublas.CUBLAS_COMPUTE_32F_FAST_TF32();
            case BF16 -> Cublas.CUBLAS_COMPUTE_32F_FAST_16BF();
        };
    }

    private static String name(int compute) {
        if (compute == Cublas.CUBLAS_COMPUTE_32F()) {
            return "COMPUTE_32F";
        }
        return compute == Cublas.CUBLAS_COMPUTE_32F_FAST_TF32() ? "COMPUTE_32F_FAST_TF32" : "COMPUTE_32F_FAST_16BF";
    }

    /** A matrix on the device: its first element, elements from row to row, and whether its transpose is meant. */
    public record Matrix(long address, int stride, boolean transposed) {
        public static Matrix of(long address, int stride) {
            return new Matrix(address, stride, false);
        }

        public Matrix transpose() {
            return new Matrix(address, stride, !transposed);
        }
    }

    /** In the device's precision. */
    @Override
    public void multiply(int m, int n, int k, Matrix a, Matrix b, long c, int strideC, boolean adds) {
        multiply(m, n, k, a, b, c, strideC, adds, compute);
    }

    /** In float32, whatever the device's precision is. */
    public MatrixProducts exactly() {
        return (m, n, k, a, b, c, strideC, adds) ->
                multiply(m, n, k, a, b, c, strideC, adds, Cublas.CUBLAS_COMPUTE_32F());
    }

    private void multiply(int m, int n, int k, Matrix a, Matrix b, long c, int strideC, boolean adds, int computeType) {
        context().enter();
        // cuBLAS counts by columns: the transpose of the product is the product of the transposes, the other way round.
        int status = Cublas.cublasGemmEx(
                handle(),
                b.transposed() ? Cublas.CUBLAS_OP_T() : Cublas.CUBLAS_OP_N(),
                a.transposed() ? Cublas.CUBLAS_OP_T() : Cublas.CUBLAS_OP_N(),
                n,
                m,
                k,
                one,
                MemorySegment.ofAddress(b.address()),
                Cublas.CUDA_R_32F(),
                b.stride(),
                MemorySegment.ofAddress(a.address()),
                Cublas.CUDA_R_32F(),
                a.stride(),
                adds ? one : zero,
                MemorySegment.ofAddress(c),
                Cublas.CUDA_R_32F(),
                strideC,
                computeType,
                Cublas.CUBLAS_GEMM_DEFAULT());
        if (status != 0) {
            context().checkCublas(status, "cublasGemmEx", "(" + m + ", " + k + ") times (" + k + ", " + n + ")");
        }
    }

    @Override
    protected void destroy(MemorySegment handle) {
        int status = Cublas.cublasDestroy_v2(handle);
        workspace.release();
        arena.close();
        if (!context().isDead()) {
            context().checkCublas(status, "cublasDestroy", this);
        }
    }
}

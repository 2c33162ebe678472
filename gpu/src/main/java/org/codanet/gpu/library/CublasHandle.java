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
 * cuBLAS on one device's stream: GEMMs of row-major matrices. The tensor cores round the operands to the device's precision. Sums are
 * float32.
 */
public final class CublasHandle extends Handle implements MatrixProducts {
    public static final String OWNER = "cuBLAS workspace";
    /** NVIDIA's recommendation for Hopper. Given a workspace, cuBLAS allocates no memory of its own, so its calls can be captured. */
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
     * @param memory allocates the library's workspace
     * @param precision of the products
     * @param selections receives the selected arithmetic
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
                        Cublas.cublasSetWorkspace_v2(handle, workspace.pointer().segment(), bytes),
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
                    + ", GEMM_DEFAULT (cuBLAS's heuristics for each product), workspace " + workspace.bytes()
                    + " bytes");
            return new CublasHandle(context, handle, workspace, compute);
        }
    }

    /** Bytes of the workspace. A GPU with little memory gets less, because its matrices are small. */
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

    /** Computes the product in the device's precision. */
    @Override
    public void multiply(Matrix a, Matrix b, Matrix c, boolean adds) {
        multiply(a, b, c, adds, compute);
    }

    /** Products in float32, whatever the device's precision is. */
    public MatrixProducts exactly() {
        return (a, b, c, adds) -> multiply(a, b, c, adds, Cublas.CUBLAS_COMPUTE_32F());
    }

    private void multiply(Matrix a, Matrix b, Matrix c, boolean adds, int computeType) {
        if (a.width() != b.height() || c.height() != a.height() || c.width() != b.width() || c.transposed()) {
            throw new IllegalArgumentException("matrix product: " + a + " times " + b + " does not give " + c
                    + (c.transposed() ? " transposed" : ""));
        }
        context().enter();
        // cuBLAS is column-major, so it reads a row-major matrix as its transpose: Cᵀ = Bᵀ · Aᵀ.
        int status = Cublas.cublasGemmEx(
                handle(),
                operation(b),
                operation(a),
                c.width(),
                c.height(),
                a.width(),
                one,
                b.pointer().segment(),
                Cublas.CUDA_R_32F(),
                b.stride(),
                a.pointer().segment(),
                Cublas.CUDA_R_32F(),
                a.stride(),
                adds ? one : zero,
                c.pointer().segment(),
                Cublas.CUDA_R_32F(),
                c.stride(),
                computeType,
                Cublas.CUBLAS_GEMM_DEFAULT());
        if (status != Cublas.CUBLAS_STATUS_SUCCESS()) {
            context().checkCublas(status, "cublasGemmEx", a + " times " + b);
        }
    }

    private static int operation(Matrix matrix) {
        return matrix.transposed() ? Cublas.CUBLAS_OP_T() : Cublas.CUBLAS_OP_N();
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

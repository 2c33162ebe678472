package org.codanet.gpu.driver;

import static org.codanet.bindings.cuda.Cuda.CUDA_ERROR_OUT_OF_MEMORY;
import static org.codanet.bindings.cuda.Cuda.CUDA_SUCCESS;
import static org.codanet.bindings.cuda.Cuda.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static org.codanet.bindings.cuda.Cuda.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static org.codanet.bindings.cuda.Cuda.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import org.codanet.bindings.cublas.Cublas;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.nn.device.DeviceException;

/**
 * The primary context of one GPU. It also checks the status that CUDA's functions return.
 *
 * <p>Some errors leave a context unusable, such as an illegal address or an uncorrectable memory error. After such an error every later
 * call is refused with the message of the first error; otherwise the program would fail at an unrelated place. Closing the device still
 * frees everything.
 */
public final class CudaContext implements AutoCloseable {
    /** Errors that leave the context unusable. */
    private static final Set<Integer> STICKY = Set.of(
            Cuda.CUDA_ERROR_ECC_UNCORRECTABLE(),
            Cuda.CUDA_ERROR_NVLINK_UNCORRECTABLE(),
            Cuda.CUDA_ERROR_ILLEGAL_ADDRESS(),
            Cuda.CUDA_ERROR_LAUNCH_TIMEOUT(),
            Cuda.CUDA_ERROR_CONTEXT_IS_DESTROYED(),
            Cuda.CUDA_ERROR_ASSERT(),
            Cuda.CUDA_ERROR_HARDWARE_STACK_ERROR(),
            Cuda.CUDA_ERROR_ILLEGAL_INSTRUCTION(),
            Cuda.CUDA_ERROR_MISALIGNED_ADDRESS(),
            Cuda.CUDA_ERROR_INVALID_ADDRESS_SPACE(),
            Cuda.CUDA_ERROR_INVALID_PC(),
            Cuda.CUDA_ERROR_LAUNCH_FAILED(),
            Cuda.CUDA_ERROR_TENSOR_MEMORY_LEAK());

    /** The context that is current on each thread. The driver is called only if another one has to become current. */
    private static final ThreadLocal<CudaContext> CURRENT = new ThreadLocal<>();

    private final String name;
    private final int ordinal;
    private final String model;
    private final int capability;
    private final int multiprocessors;
    private final long totalBytes;
    private final MemorySegment handle;
    private String death;
    private boolean closed;

    /**
     * Retains the primary context of a GPU.
     *
     * @throws DeviceException if there is no GPU with that index; the message says how many there are
     */
    public CudaContext(int index) {
        this.name = "cuda:" + index;
        try (Arena arena = Arena.ofConfined()) {
            check(Cuda.cuInit(0), "cuInit", "the driver");
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            check(Cuda.cuDeviceGetCount(number), "cuDeviceGetCount", "the driver");
            int count = number.get(ValueLayout.JAVA_INT, 0);
            if (index >= count) {
                throw new DeviceException("device: " + name + " does not exist; there "
                        + (count == 1 ? "is 1 GPU, cuda:0" : "are " + count + " GPUs, from cuda:0"));
            }
            check(Cuda.cuDeviceGet(number, index), "cuDeviceGet", name);
            this.ordinal = number.get(ValueLayout.JAVA_INT, 0);
            MemorySegment text = arena.allocate(256);
            check(Cuda.cuDeviceGetName(text, 256, ordinal), "cuDeviceGetName", name);
            this.model = text.getString(0);
            this.capability = 10 * attribute(arena, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR())
                    + attribute(arena, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR());
            this.multiprocessors = attribute(arena, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT());
            MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
            check(Cuda.cuDeviceTotalMem_v2(bytes, ordinal), "cuDeviceTotalMem", name);
            this.totalBytes = bytes.get(ValueLayout.JAVA_LONG, 0);
            MemorySegment context = arena.allocate(ValueLayout.ADDRESS);
            check(Cuda.cuDevicePrimaryCtxRetain(context, ordinal), "cuDevicePrimaryCtxRetain", name);
            this.handle = context.get(ValueLayout.ADDRESS, 0);
        }
    }

    private int attribute(Arena arena, int attribute) {
        MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
        check(Cuda.cuDeviceGetAttribute(value, attribute, ordinal), "cuDeviceGetAttribute", name);
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    /** {@code cuda:0}. */
    public String name() {
        return name;
    }

    /** The name of the GPU, such as {@code NVIDIA H100 80GB HBM3}. */
    public String model() {
        return model;
    }

    /** Compute capability as ten times the major version plus the minor version: 90 for 9.0. */
    public int capability() {
        return capability;
    }

    /** Number of multiprocessors. */
    public int multiprocessors() {
        return multiprocessors;
    }

    /** Bytes of device memory. */
    public long totalBytes() {
        return totalBytes;
    }

    int ordinal() {
        return ordinal;
    }

    /**
     * Makes this context current on the calling thread. Must be called before any call of the driver.
     *
     * @throws IllegalStateException if this is closed
     * @throws DeviceException if an earlier error left the device unusable; the message contains that error
     */
    public void enter() {
        if (closed) {
            throw new IllegalStateException("device " + name + " is closed");
        }
        if (death != null) {
            throw new DeviceException("device " + name + " cannot be used any more, since an earlier call failed: "
                    + death + "; start the program again");
        }
        if (CURRENT.get() != this) {
            check(Cuda.cuCtxSetCurrent(handle), "cuCtxSetCurrent", name);
            CURRENT.set(this);
        }
    }

    /** Like {@link #enter}, but never throws. For code that frees resources. */
    public void enterToClose() {
        if (CURRENT.get() != this) {
            int ignored = Cuda.cuCtxSetCurrent(handle);
            CURRENT.set(this);
        }
    }

    /** Whether an earlier error left the device unusable. */
    public boolean isDead() {
        return death != null;
    }

    /**
     * Checks a status that the driver returned.
     *
     * @param subject what the call was about; converted to text only if the call failed
     */
    public void check(int status, String function, Object subject) {
        if (status == CUDA_SUCCESS()) {
            return;
        }
        CudaException failure = new CudaException(function, status, driverName(status), subject, name);
        if (STICKY.contains(status) && death == null) {
            death = failure.getMessage();
        }
        throw failure;
    }

    /** Checks the status of a call that frees a resource. Ignores it on an unusable device, where every call fails. */
    public void checkClosing(int status, String function, Object subject) {
        if (death == null) {
            check(status, function, subject);
        }
    }

    /** Checks a status that cuBLAS returned. */
    public void checkCublas(int status, String function, Object subject) {
        checkCublas(status, function, subject, name);
    }

    /** Checks a status that cuBLAS returned for a call without a context. */
    public static void checkCublas(int status, String function, Object subject, String device) {
        if (status != Cublas.CUBLAS_STATUS_SUCCESS()) {
            throw new CudaException(
                    function, status, Cublas.cublasGetStatusName(status).getString(0), subject, device);
        }
    }

    /** Checks a status that cuDNN returned. The message includes cuDNN's own description of its last error. */
    public void checkCudnn(int status, String function, Object subject) {
        checkCudnn(status, function, subject, name);
    }

    /** Checks a status that cuDNN returned for a call without a context, such as a call about descriptors. */
    public static void checkCudnn(int status, String function, Object subject, String device) {
        if (status == Cudnn.CUDNN_STATUS_SUCCESS()) {
            return;
        }
        String named = Cudnn.cudnnGetErrorString(status).getString(0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(512);
            Cudnn.cudnnGetLastErrorString(text, 512);
            String detail = text.getString(0).strip();
            throw new CudaException(
                    function, status, detail.isEmpty() ? named : named + ", " + detail, subject, device);
        }
    }

    static boolean isOutOfMemory(int status) {
        return status == CUDA_ERROR_OUT_OF_MEMORY();
    }

    private static String driverName(int status) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
            if (Cuda.cuGetErrorName(status, text) != CUDA_SUCCESS()) {
                return "unknown status";
            }
            return text.get(Cuda.C_POINTER, 0).getString(0);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            CURRENT.remove();
            checkClosing(Cuda.cuDevicePrimaryCtxRelease_v2(ordinal), "cuDevicePrimaryCtxRelease", name);
        }
    }
}

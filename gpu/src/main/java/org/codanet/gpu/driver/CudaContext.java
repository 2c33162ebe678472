package org.codanet.gpu.driver;

import static org.codanet.bindings.cuda.Cuda.CUDA_ERROR_OUT_OF_MEMORY;
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
 * One GPU's primary context, and the checks of all calls that concern it.
 *
 * <p>Some errors leave a context unusable: an illegal address, an uncorrectable memory error. After one of them the device is
 * dead: every later call of ours is refused with the first error's message, instead of failing somewhere else for no reason
 * that could be seen. Closing still gives back all that is held.
 */
public final class CudaContext implements AutoCloseable {
    /** ECC, NVLink, illegal address, timeout, destroyed context, assert, and the hardware's exceptions up to launch failure. */
    private static final Set<Integer> STICKY = Set.of(214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721);

    /** The driver keeps one current context for each thread; it is set only where it is not ours. */
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
     * @throws DeviceException if there is none of that number, with the number there is
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

    /** What the card is called. */
    public String model() {
        return model;
    }

    /** Compute capability, ten times the major number and the minor: 90 for 9.0. */
    public int capability() {
        return capability;
    }

    /** Multiprocessors. */
    public int multiprocessors() {
        return multiprocessors;
    }

    /** Bytes of memory on the card. */
    public long totalBytes() {
        return totalBytes;
    }

    int ordinal() {
        return ordinal;
    }

    /**
     * Makes this context the calling thread's; begins whatever calls the driver.
     *
     * @throws IllegalStateException if this is closed
     * @throws DeviceException if the device is dead, with the error it died of
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

    /** As {@link #enter}, for giving something back: never refuses. */
    public void enterToClose() {
        if (CURRENT.get() != this) {
            int ignored = Cuda.cuCtxSetCurrent(handle);
            CURRENT.set(this);
        }
    }

    /** Whether an earlier call left the device unusable. */
    public boolean isDead() {
        return death != null;
    }

    /** Checks a status of the driver. @param subject what the call was about, read on failure only */
    public void check(int status, String function, Object subject) {
        if (status == 0) {
            return;
        }
        CudaException failure = new CudaException(function, status, driverName(status), subject, name);
        if (STICKY.contains(status) && death == null) {
            death = failure.getMessage();
        }
        throw failure;
    }

    /** Checks the status of giving something back: on a dead device that fails as all else does, and is no news. */
    public void checkClosing(int status, String function, Object subject) {
        if (death == null) {
            check(status, function, subject);
        }
    }

    /** Checks a status of cuBLAS. */
    public void checkCublas(int status, String function, Object subject) {
        checkCublas(status, function, subject, name);
    }

    /** The same for a call that concerns no context. */
    public static void checkCublas(int status, String function, Object subject, String device) {
        if (status != 0) {
            throw new CudaException(
                    function, status, Cublas.cublasGetStatusName(status).getString(0), subject, device);
        }
    }

    /** Checks a status of cuDNN; adds what it says about its last error. */
    public void checkCudnn(int status, String function, Object subject) {
        checkCudnn(status, function, subject, name);
    }

    /** The same for a call that concerns no context, which cuDNN's descriptors do not. */
    public static void checkCudnn(int status, String function, Object subject, String device) {
        if (status == 0) {
            return;
        }
        String named = Cudnn.cudnnGetErrorString(status).getString(0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(512);
            Cudnn.cudnnGetLastErrorString(text, 512);
            String said = text.getString(0).strip();
            throw new CudaException(function, status, said.isEmpty() ? named : named + ", " + said, subject, device);
        }
    }

    static boolean isOutOfMemory(int status) {
        return status == CUDA_ERROR_OUT_OF_MEMORY();
    }

    private static String driverName(int status) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
            if (Cuda.cuGetErrorName(status, text) != 0) {
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

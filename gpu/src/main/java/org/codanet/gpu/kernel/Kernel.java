package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.Stream;

/**
 * A function on the device. The caller sets the arguments in order and then launches: {@code
 * kernel.pointer(x).int32(n).launch(...)}. The driver copies the arguments at the launch, so all launches use one buffer and a launch
 * allocates no native memory.
 *
 * <p>Every launch checks the number and types of the arguments against the parameters that the source declares. If they differ, the
 * launch throws {@link IllegalArgumentException} and queues nothing.
 */
public final class Kernel {
    private static final long ARGUMENT_BYTES = 8;
    private static final long NO_OFFSET = -1;
    /** Dynamic shared memory that a launch may have without asking for more. */
    private static final int DEFAULT_SHARED_BYTES = 48 << 10;

    private final CudaContext context;
    private final Stream stream;
    private final String name;
    private final MemorySegment function;
    private final KernelParameters parameters;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment values;
    private final MemorySegment addresses;
    private final Argument[] given;
    private int arguments;
    /** Bytes of dynamic shared memory of the next launch, and the most that a launch has stated so far. */
    private int sharedBytes;

    private int allowedSharedBytes = DEFAULT_SHARED_BYTES;

    Kernel(CudaContext context, Stream stream, String name, MemorySegment function, KernelParameters parameters) {
        this.context = context;
        this.stream = stream;
        this.name = name;
        this.function = function;
        this.parameters = parameters;
        int count = parameters.count();
        this.given = new Argument[count];
        this.values = arena.allocate(ARGUMENT_BYTES * count, ARGUMENT_BYTES);
        this.addresses = arena.allocate(ValueLayout.ADDRESS, count);
        for (int i = 0; i < count; i++) {
            addresses.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(ARGUMENT_BYTES * i));
        }
    }

    /** Discards the arguments of a launch that did not happen, for example because a tensor was refused while they were being set. */
    Kernel begin() {
        arguments = 0;
        sharedBytes = 0;
        return this;
    }

    /** Offset of the next argument. An excess argument has no offset; it is only counted, so that the launch can report it. */
    private long next(Argument type) {
        int index = arguments++;
        if (index >= given.length) {
            return NO_OFFSET;
        }
        given[index] = type;
        return ARGUMENT_BYTES * index;
    }

    private Kernel set(Argument type, long value) {
        long offset = next(type);
        if (offset != NO_OFFSET) {
            values.set(ValueLayout.JAVA_LONG, offset, value);
        }
        return this;
    }

    /** The next argument, a pointer; {@link DevicePointer#NULL} for an array that is not needed. */
    public Kernel pointer(DevicePointer pointer) {
        return set(Argument.POINTER, pointer.address());
    }

    /** The next argument, a {@code long long}. */
    public Kernel int64(long value) {
        return set(Argument.INT64, value);
    }

    /** The next argument, an {@code int}. */
    public Kernel int32(int value) {
        // The kernel reads the lower half, because every host that CUDA supports is little-endian.
        return set(Argument.INT32, Integer.toUnsignedLong(value));
    }

    /** The next argument, an {@code int} that is 1 for true and 0 for false. */
    public Kernel flag(boolean value) {
        return int32(value ? 1 : 0);
    }

    /** The next argument, an enum constant, as the {@code int} that {@link KernelSource#define(String, Class)} defines for it. */
    public Kernel constant(Enum<?> value) {
        return int32(value.ordinal());
    }

    /** The next argument, a {@code float}. */
    public Kernel float32(float value) {
        return set(Argument.FLOAT32, Integer.toUnsignedLong(Float.floatToRawIntBits(value)));
    }

    /** The next argument, a {@code double}. */
    public Kernel float64(double value) {
        return set(Argument.FLOAT64, Double.doubleToRawLongBits(value));
    }

    /**
     * Sets the bytes of dynamic shared memory of the next launch. A block has 48 KiB unless the function allows more, so the first
     * launch with more asks for it; the driver refuses more than the GPU has.
     */
    public Kernel shared(int bytes) {
        if (bytes > allowedSharedBytes) {
            context.enter();
            context.check(
                    Cuda.cuFuncSetAttribute(function, Cuda.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(), bytes),
                    "cuFuncSetAttribute",
                    name + " with " + bytes + " bytes of shared memory");
            allowedSharedBytes = bytes;
        }
        sharedBytes = bytes;
        return this;
    }

    /** Queues a launch of a one-dimensional grid, with the arguments that were set since the last launch. */
    public void launch(long blocks, int threads) {
        launch(blocks, 1, threads);
    }

    /** Queues a launch of a grid of (x, y) blocks. */
    public void launch(long blocksX, int blocksY, int threads) {
        launch(blocksX, blocksY, 1, threads);
    }

    /** Queues a launch of a grid of (x, y, z) blocks. */
    public void launch(long blocksX, int blocksY, int blocksZ, int threads) {
        int count = arguments;
        int dynamic = sharedBytes;
        arguments = 0;
        sharedBytes = 0;
        parameters.check(given, count);
        context.enter();
        int status = Cuda.cuLaunchKernel(
                function,
                Math.toIntExact(blocksX),
                blocksY,
                blocksZ,
                threads,
                1,
                1,
                dynamic,
                stream.handle(),
                addresses,
                MemorySegment.NULL);
        if (status != Cuda.CUDA_SUCCESS()) {
            context.check(
                    status,
                    "cuLaunchKernel",
                    name + " in (" + blocksX + ", " + blocksY + ", " + blocksZ + ") blocks of " + threads + " threads");
        }
    }

    void close() {
        arena.close();
    }
}

package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.Stream;

/**
 * A function on the device. A launch sets the arguments in order and then launches: {@code
 * kernel.pointer(x).int32(n).launch(...)}. The driver copies them at the launch, so one buffer serves all launches and nothing is
 * allocated for one.
 *
 * <p>Every launch checks number and types of its arguments against the parameters that the source declares, and changes nothing if
 * they differ: {@link IllegalArgumentException}.
 */
public final class Kernel {
    private static final long ARGUMENT_BYTES = 8;
    private static final long NO_PLACE = -1;

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

    /** Forgets arguments that were set for a launch that never came, because one of them was refused. */
    Kernel begin() {
        arguments = 0;
        return this;
    }

    /** Where the next argument goes; one too many goes nowhere, and is counted for the message of the launch. */
    private long next(Argument type) {
        int index = arguments++;
        if (index >= given.length) {
            return NO_PLACE;
        }
        given[index] = type;
        return ARGUMENT_BYTES * index;
    }

    private Kernel set(Argument type, long value) {
        long place = next(type);
        if (place != NO_PLACE) {
            values.set(ValueLayout.JAVA_LONG, place, value);
        }
        return this;
    }

    /** The next argument, a pointer; {@link DevicePointer#NULL} for an array that is not wanted. */
    public Kernel pointer(DevicePointer pointer) {
        return set(Argument.POINTER, pointer.address());
    }

    /** The next argument, a {@code long long}. */
    public Kernel int64(long value) {
        return set(Argument.INT64, value);
    }

    /** The next argument, an {@code int}. */
    public Kernel int32(int value) {
        // Little-endian, as every machine with CUDA is: the lower half is what the kernel reads.
        return set(Argument.INT32, Integer.toUnsignedLong(value));
    }

    /** The next argument, an {@code int} that is 1 for true and 0 for false. */
    public Kernel flag(boolean value) {
        return int32(value ? 1 : 0);
    }

    /** The next argument, an {@code int} that the source knows by the name that {@link KernelSource#define(String, Class)} gave it. */
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

    /** As {@link #pointer}, for what has no typed pointer yet; 0 is null. */
    public Kernel address(long address) {
        return set(Argument.POINTER, address);
    }

    /** Queues one launch with the arguments set since the last. */
    public void launch(long blocks, int threads) {
        launch(blocks, 1, threads);
    }

    /** Queues one launch of a grid of (x, y) blocks with the arguments set since the last. */
    public void launch(long blocksX, int blocksY, int threads) {
        launch(blocksX, blocksY, 1, threads);
    }

    /** Queues one launch of a grid of (x, y, z) blocks with the arguments set since the last. */
    public void launch(long blocksX, int blocksY, int blocksZ, int threads) {
        int count = arguments;
        arguments = 0;
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
                0,
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

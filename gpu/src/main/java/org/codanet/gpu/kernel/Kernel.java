package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.Stream;

/**
 * A function on the device. Its arguments are set in order and then launched: {@code kernel.address(x).int32(n).launch(...)}.
 * The driver copies them at the launch, so one buffer serves all launches and nothing is allocated for one.
 */
public final class Kernel {
    private static final int MOST_ARGUMENTS = 24;

    private final CudaContext context;
    private final Stream stream;
    private final String name;
    private final MemorySegment function;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment values = arena.allocate(8L * MOST_ARGUMENTS, 16);
    private final MemorySegment addresses = arena.allocate(ValueLayout.ADDRESS, MOST_ARGUMENTS);
    private int arguments;

    Kernel(CudaContext context, Stream stream, String name, MemorySegment function) {
        this.context = context;
        this.stream = stream;
        this.name = name;
        this.function = function;
        for (int i = 0; i < MOST_ARGUMENTS; i++) {
            addresses.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(8L * i));
        }
    }

    /** The next argument, a pointer; 0 is null. */
    public Kernel address(long address) {
        values.set(ValueLayout.JAVA_LONG, 8L * arguments++, address);
        return this;
    }

    /** The next argument, a {@code long long}. */
    public Kernel int64(long value) {
        return address(value);
    }

    /** The next argument, an {@code int}. */
    public Kernel int32(int value) {
        values.set(ValueLayout.JAVA_INT, 8L * arguments++, value);
        return this;
    }

    /** The next argument, a {@code float}. */
    public Kernel float32(float value) {
        values.set(ValueLayout.JAVA_FLOAT, 8L * arguments++, value);
        return this;
    }

    /** The next argument, a {@code double}. */
    public Kernel float64(double value) {
        values.set(ValueLayout.JAVA_DOUBLE, 8L * arguments++, value);
        return this;
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
        arguments = 0;
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
        if (status != 0) {
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

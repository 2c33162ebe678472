package org.codanet.gpu.op;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Adam} over all parameters in one launch, by {@code adam.cu}. The table of the parameters is copied to the device only when the
 * parameters change. The numbers of a step, such as the learning rate, are in device memory as well. {@link #next} launches a kernel
 * that writes them, and a replay of a captured step reads the values that are there at the time of the replay.
 */
public final class CudaAdam extends CudaOperation implements Adam {
    private static final int CHUNK = 4096;
    private static final int ROW = 5;

    private static final KernelSource SOURCE =
            CudaResources.source("adam.cu").define("CHUNK", CHUNK).define("ROW", ROW);

    /** Floats that describe a step. They are followed by one double, the bound on the gradient norm. */
    private static final int NUMBERS = 8;

    private long[] known = new long[0];
    private int chunks;
    private MemoryPool.Block table;
    private MemoryPool.Block numbers;

    public CudaAdam(CudaResources resources, String owner) {
        super(resources, owner, "adam");
    }

    @Override
    public void next(Step step) {
        CudaResources resources = resources();
        double meanBias = 1 - Math.pow(step.beta1(), step.step());
        double varianceBias = 1 - Math.pow(step.beta2(), step.step());
        if (numbers == null) {
            numbers = resources.memory().reserve(NUMBERS * Float.BYTES + Double.BYTES, owner());
        }
        // As in PyTorch, 1 - beta is computed in double and then rounded.
        kernel("adam_numbers")
                .pointer(numbers.pointer())
                .pointer(bound())
                .float32((float) step.weightDecay())
                .float32((float) step.beta1())
                .float32((float) (1 - step.beta1()))
                .float32((float) step.beta2())
                .float32((float) (1 - step.beta2()))
                .float32((float) (step.rate() / meanBias))
                .float32((float) (1 / Math.sqrt(varianceBias)))
                .float32((float) step.epsilon())
                .float64(step.maxNorm())
                .launch(1, KernelSource.WARP_SIZE);
    }

    @Override
    public void step(List<Slot> slots, Tensor norm) {
        CudaResources resources = resources();
        if (numbers == null) {
            throw new IllegalStateException(operation() + ": next has not been called; it sets rate and step number");
        }
        if (norm != null) {
            norm.require(Shape.of(1), operation(), "norm");
        }
        prepare(resources, slots);
        if (chunks == 0) {
            return;
        }
        BufferLayout layout = BufferLayout.of(table.pointer(), Integer.BYTES);
        DevicePointer rows = layout.bytes((long) Long.BYTES * known.length);
        DevicePointer starts = layout.bytes((long) Long.BYTES * chunks);
        DevicePointer indices = layout.bytes((long) Integer.BYTES * chunks);
        // The norm is computed even without a bound, because the launches of a captured step cannot depend on a number
        // that changes.
        DevicePointer sums = resources.workspace(Double.BYTES * (chunks + 1L));
        DevicePointer parts = sums.slice(0, (long) Double.BYTES * chunks);
        DevicePointer scale = sums.from((long) Double.BYTES * chunks);
        kernel("adam_squares")
                .pointer(parts)
                .pointer(rows)
                .pointer(indices)
                .pointer(starts)
                .launch(chunks, CudaResources.BLOCK);
        kernel("adam_norm")
                .pointer(pointer(norm))
                .pointer(scale)
                .pointer(parts)
                .int32(chunks)
                .pointer(bound())
                .launch(1, CudaResources.BLOCK);
        kernel("adam_step")
                .pointer(rows)
                .pointer(indices)
                .pointer(starts)
                .pointer(scale)
                .pointer(numbers.pointer())
                .launch(chunks, CudaResources.BLOCK);
    }

    static KernelSource source() {
        return SOURCE;
    }

    /** Address of the bound on the gradient norm, a double; its value is 0 for no bound. */
    private DevicePointer bound() {
        return numbers.pointer().floatsFrom(NUMBERS);
    }

    private Kernel kernel(String function) {
        return resources().kernel(SOURCE, function);
    }

    /**
     * Updates the table on the device if the parameters have changed. The table has the rows, then the start of each chunk, then the row
     * of each chunk.
     */
    private void prepare(CudaResources resources, List<Slot> slots) {
        long[] rows = new long[ROW * slots.size()];
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            Shape shape = slot.value().shape();
            rows[ROW * i] = pointer(slot.value()).address();
            rows[ROW * i + 1] = pointer(slot.gradient().require(shape, operation(), "gradient"))
                    .address();
            rows[ROW * i + 2] =
                    pointer(slot.mean().require(shape, operation(), "mean")).address();
            rows[ROW * i + 3] = pointer(slot.variance().require(shape, operation(), "variance"))
                    .address();
            rows[ROW * i + 4] = shape.elements();
        }
        if (Arrays.equals(rows, known)) {
            return;
        }
        releaseTable();
        int count = 0;
        for (int i = 0; i < slots.size(); i++) {
            count += Math.toIntExact(Math.ceilDiv(rows[ROW * i + 4], CHUNK));
        }
        if (count > 0) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment all = arena.allocate(
                        (long) Long.BYTES * (rows.length + count) + (long) Integer.BYTES * count, Long.BYTES);
                MemorySegment.copy(rows, 0, all, ValueLayout.JAVA_LONG, 0, rows.length);
                int chunk = 0;
                for (int i = 0; i < slots.size(); i++) {
                    for (long start = 0; start < rows[ROW * i + 4]; start += CHUNK) {
                        all.set(ValueLayout.JAVA_LONG, Long.BYTES * (rows.length + (long) chunk), start);
                        all.set(
                                ValueLayout.JAVA_INT,
                                Long.BYTES * (rows.length + (long) count) + (long) Integer.BYTES * chunk,
                                i);
                        chunk++;
                    }
                }
                table = resources.memory().reserve(all.byteSize(), owner());
                resources.staging().upload(all, table.pointer());
            }
        }
        chunks = count;
        known = rows;
    }

    @Override
    public void release() {
        releaseTable();
        if (numbers != null) {
            numbers.release();
            numbers = null;
        }
    }

    private void releaseTable() {
        known = new long[0];
        chunks = 0;
        if (table != null) {
            table.release();
            table = null;
        }
    }
}

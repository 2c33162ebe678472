package org.codanet.gpu.op;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Adam} over all parameters in one launch, by {@code adam.cu}. The table of the parameters goes to the device when they
 * are others than last time; a step with the same ones copies nothing. What changes from step to step lies on the device too, written by a
 * launch that carries it as arguments: a recorded step reads what is there when it is run.
 */
public final class CudaAdam extends CudaOperation implements Adam {
    private static final int CHUNK = 4096;
    private static final int ROW = 5;

    /** Eight floats and a double. */
    private static final long NUMBER_BYTES = 40;

    private static final long MOST = 32;

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
            numbers = resources.memory().reserve(NUMBER_BYTES, owner());
        }
        // One minus each beta is rounded from the double, as PyTorch does.
        kernel("adam_numbers")
                .address(numbers.address())
                .address(numbers.address() + MOST)
                .float32((float) step.weightDecay())
                .float32((float) step.beta1())
                .float32((float) (1 - step.beta1()))
                .float32((float) step.beta2())
                .float32((float) (1 - step.beta2()))
                .float32((float) (step.rate() / meanBias))
                .float32((float) (1 / Math.sqrt(varianceBias)))
                .float32((float) step.epsilon())
                .float64(step.maxNorm())
                .launch(1, 32);
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
        long rows = table.address();
        long starts = rows + 8L * known.length;
        long indices = starts + 8L * chunks;
        // Also where nothing is clipped: which launches a step is made of must not hang on a number that changes.
        long parts = resources.workspace().atLeast(8L * chunks + 8);
        long scale = parts + 8L * chunks;
        kernel("adam_squares")
                .address(parts)
                .address(rows)
                .address(indices)
                .address(starts)
                .launch(chunks, CudaResources.BLOCK);
        kernel("adam_norm")
                .address(address(norm))
                .address(scale)
                .address(parts)
                .int32(chunks)
                .address(numbers.address() + MOST)
                .launch(1, CudaResources.BLOCK);
        kernel("adam_step")
                .address(rows)
                .address(indices)
                .address(starts)
                .address(scale)
                .address(numbers.address())
                .launch(chunks, CudaResources.BLOCK);
    }

    static KernelSource source() {
        return KernelSource.of("adam.cu", "BLOCK=" + CudaResources.BLOCK, "CHUNK=" + CHUNK);
    }

    private Kernel kernel(String function) {
        return resources().compiler().kernel(source(), function);
    }

    /** Brings the table up to date: rows, then where each chunk starts, then whose it is. */
    private void prepare(CudaResources resources, List<Slot> slots) {
        long[] rows = new long[ROW * slots.size()];
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            Shape shape = slot.value().shape();
            rows[ROW * i] = address(slot.value());
            rows[ROW * i + 1] = address(slot.gradient().require(shape, operation(), "gradient"));
            rows[ROW * i + 2] = address(slot.mean().require(shape, operation(), "mean"));
            rows[ROW * i + 3] = address(slot.variance().require(shape, operation(), "variance"));
            rows[ROW * i + 4] = shape.elements();
        }
        if (Arrays.equals(rows, known)) {
            return;
        }
        forgetSlots();
        int count = 0;
        for (int i = 0; i < slots.size(); i++) {
            count += Math.toIntExact((rows[ROW * i + 4] + CHUNK - 1) / CHUNK);
        }
        if (count > 0) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment all = arena.allocate(8L * rows.length + 12L * count, 8);
                MemorySegment.copy(rows, 0, all, ValueLayout.JAVA_LONG, 0, rows.length);
                int chunk = 0;
                for (int i = 0; i < slots.size(); i++) {
                    for (long start = 0; start < rows[ROW * i + 4]; start += CHUNK) {
                        all.set(ValueLayout.JAVA_LONG, 8L * (rows.length + chunk), start);
                        all.set(ValueLayout.JAVA_INT, 8L * (rows.length + count) + 4L * chunk, i);
                        chunk++;
                    }
                }
                table = resources.memory().reserve(all.byteSize(), owner());
                resources.staging().upload(all, table.address());
            }
        }
        chunks = count;
        known = rows;
    }

    @Override
    public void release() {
        forgetSlots();
        if (numbers != null) {
            numbers.release();
            numbers = null;
        }
    }

    private void forgetSlots() {
        known = new long[0];
        chunks = 0;
        if (table != null) {
            table.release();
            table = null;
        }
    }
}

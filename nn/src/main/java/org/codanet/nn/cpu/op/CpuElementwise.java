package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Elementwise}, split into pieces for the workers. Each piece is copied through a heap array that stays in the cache. */
public final class CpuElementwise implements Elementwise {
    private static final String OWNER = "elementwise";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        VALUES,
        SUMS
    }

    private static final int EXPONENT = 0x7f800000;

    private final CpuContext context;

    public CpuElementwise(CpuContext context) {
        this.context = context;
    }

    /** Work on one piece of one tensor. */
    @FunctionalInterface
    private interface Piece {
        void run(int chunk, long offset, int length, int worker);
    }

    private void each(long elements, Piece piece) {
        context.workers()
                .run(
                        Chunks.count(elements),
                        (chunk, worker) ->
                                piece.run(chunk, Chunks.offset(chunk), Chunks.length(chunk, elements), worker));
    }

    @Override
    public void fill(Tensor t, float value) {
        MemorySegment to = CpuTensor.segment(t);
        each(t.shape().elements(), (chunk, offset, length, worker) -> {
            if (Float.floatToRawIntBits(value) == 0) {
                to.asSlice(offset * Float.BYTES, (long) length * Float.BYTES).fill((byte) 0);
            } else {
                try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, Chunks.SIZE, OWNER)) {
                    float[] values = valuesLease.values();
                    Arrays.fill(values, 0, length, value);
                    CpuTensor.write(values, 0, to, offset, length);
                }
            }
        });
    }

    @Override
    public void copy(Tensor source, Tensor destination) {
        requireSameElements("copy", source, destination);
        MemorySegment from = CpuTensor.segment(source);
        MemorySegment to = CpuTensor.segment(destination);
        each(
                source.shape().elements(),
                (chunk, offset, length, worker) -> MemorySegment.copy(
                        from, offset * Float.BYTES, to, offset * Float.BYTES, (long) length * Float.BYTES));
    }

    @Override
    public void add(Tensor source, float factor, Tensor destination) {
        requireSameElements("add", source, destination);
        MemorySegment from = CpuTensor.segment(source);
        MemorySegment to = CpuTensor.segment(destination);
        each(source.shape().elements(), (chunk, offset, length, worker) -> {
            try (Lease termsLease = context.workspace().lease(worker, Array.VALUES, Chunks.SIZE, OWNER);
                    Lease sumsLease = context.workspace().lease(worker, Array.SUMS, Chunks.SIZE, OWNER)) {
                float[] terms = termsLease.values();
                float[] sums = sumsLease.values();
                CpuTensor.read(from, offset, terms, 0, length);
                CpuTensor.read(to, offset, sums, 0, length);
                context.kernels().axpy(factor, terms, 0, sums, 0, length);
                CpuTensor.write(sums, 0, to, offset, length);
            }
        });
    }

    @Override
    public void sign(Tensor source, float factor, Tensor destination) {
        requireSameElements("sign", source, destination);
        MemorySegment from = CpuTensor.segment(source);
        MemorySegment to = CpuTensor.segment(destination);
        each(source.shape().elements(), (chunk, offset, length, worker) -> {
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, Chunks.SIZE, OWNER)) {
                float[] values = valuesLease.values();
                CpuTensor.read(from, offset, values, 0, length);
                for (int i = 0; i < length; i++) {
                    values[i] = factor * Math.signum(values[i]);
                }
                CpuTensor.write(values, 0, to, offset, length);
            }
        });
    }

    @Override
    public void absoluteSum(Tensor t, Tensor out) {
        out.require(Shape.of(1), "absoluteSum", "out");
        MemorySegment to = CpuTensor.segment(out);
        MemorySegment from = CpuTensor.segment(t);
        double[] parts = new double[Chunks.count(t.shape().elements())];
        each(t.shape().elements(), (chunk, offset, length, worker) -> {
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, Chunks.SIZE, OWNER)) {
                float[] values = valuesLease.values();
                CpuTensor.read(from, offset, values, 0, length);
                parts[chunk] = Chunks.absoluteSum(values, length);
            }
        });
        to.set(CpuTensor.FLOAT, 0, (float) Chunks.sum(parts));
    }

    @Override
    public boolean allFinite(Tensor t) {
        MemorySegment from = CpuTensor.segment(t);
        AtomicBoolean finite = new AtomicBoolean(true);
        each(t.shape().elements(), (chunk, offset, length, worker) -> {
            if (!finite.get()) {
                return;
            }
            try (Lease valuesLease = context.workspace().lease(worker, Array.VALUES, Chunks.SIZE, OWNER)) {
                float[] values = valuesLease.values();
                CpuTensor.read(from, offset, values, 0, length);
                // The bits of non-negative floats have the same order as their values, with infinity and NaN last. The
                // JIT compiler vectorises an integer maximum.
                int largest = 0;
                for (int i = 0; i < length; i++) {
                    largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE);
                }
                if (largest >= EXPONENT) {
                    finite.set(false);
                }
            }
        });
        return finite.get();
    }

    private static void requireSameElements(String operation, Tensor source, Tensor destination) {
        if (source.shape().elements() != destination.shape().elements()) {
            throw new IllegalArgumentException(operation + ": source is " + source.shape() + ", destination "
                    + destination.shape() + "; they need as many elements");
        }
    }
}

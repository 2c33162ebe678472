package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.codanet.nn.cpu.kernel.AdamFactors;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Adam} over all parameters at once. The parameters are split into pieces of equal size for the workers, so many small tensors
 * cost no more than one large tensor.
 */
public final class CpuAdam extends CpuOperation implements Adam {
    private static final String OWNER = "adam";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        VALUES,
        GRADIENTS,
        MEANS,
        VARIANCES
    }

    private Step next;

    private record Piece(
            MemorySegment value,
            MemorySegment gradient,
            MemorySegment mean,
            MemorySegment variance,
            long offset,
            int length) {}

    public CpuAdam(CpuContext context, String owner) {
        super(context, owner, "adam");
    }

    @Override
    public void next(Step step) {
        context();
        next = Objects.requireNonNull(step, "step");
    }

    @Override
    public void step(List<Slot> slots, Tensor norm) {
        CpuContext context = context();
        Step step = next;
        if (step == null) {
            throw new IllegalStateException(operation() + ": next has not been called; it sets rate and step number");
        }
        if (norm != null) {
            norm.require(Shape.of(1), operation(), "norm");
        }
        List<Piece> pieces = pieces(slots);
        double gradientScale = 1;
        if (norm != null || step.maxNorm() > 0) {
            double length = norm(context, pieces);
            if (norm != null) {
                CpuTensor.segment(norm).set(CpuTensor.FLOAT, 0, (float) length);
            }
            if (step.maxNorm() > 0) {
                gradientScale = Math.min(1, step.maxNorm() / (length + 1e-6));
            }
        }
        AdamFactors factors = AdamFactors.of(step, gradientScale);
        context.workers().run(pieces.size(), (index, worker) -> update(context, pieces.get(index), worker, factors));
    }

    private List<Piece> pieces(List<Slot> slots) {
        List<Piece> pieces = new ArrayList<>();
        for (Slot slot : slots) {
            Shape shape = slot.value().shape();
            MemorySegment value = CpuTensor.segment(slot.value());
            MemorySegment gradient = CpuTensor.segment(slot.gradient().require(shape, operation(), "gradient"));
            MemorySegment mean = CpuTensor.segment(slot.mean().require(shape, operation(), "mean"));
            MemorySegment variance = CpuTensor.segment(slot.variance().require(shape, operation(), "variance"));
            for (int chunk = 0; chunk < Chunks.count(shape.elements()); chunk++) {
                pieces.add(new Piece(
                        value, gradient, mean, variance, Chunks.offset(chunk), Chunks.length(chunk, shape.elements())));
            }
        }
        return pieces;
    }

    private static double norm(CpuContext context, List<Piece> pieces) {
        double[] parts = new double[pieces.size()];
        context.workers().run(parts.length, (index, worker) -> {
            Piece piece = pieces.get(index);
            try (Lease gradientLease = context.workspace().lease(worker, Array.GRADIENTS, Chunks.SIZE, OWNER)) {
                float[] gradient = gradientLease.values();
                CpuTensor.read(piece.gradient(), piece.offset(), gradient, 0, piece.length());
                parts[index] = Chunks.sumOfSquares(gradient, piece.length());
            }
        });
        return Math.sqrt(Chunks.sum(parts));
    }

    private static void update(CpuContext context, Piece piece, int worker, AdamFactors factors) {
        try (Lease valueLease = context.workspace().lease(worker, Array.VALUES, Chunks.SIZE, OWNER);
                Lease gradientLease = context.workspace().lease(worker, Array.GRADIENTS, Chunks.SIZE, OWNER);
                Lease meanLease = context.workspace().lease(worker, Array.MEANS, Chunks.SIZE, OWNER);
                Lease varianceLease = context.workspace().lease(worker, Array.VARIANCES, Chunks.SIZE, OWNER)) {
            float[] value = valueLease.values();
            float[] gradient = gradientLease.values();
            float[] mean = meanLease.values();
            float[] variance = varianceLease.values();
            long offset = piece.offset();
            int length = piece.length();
            CpuTensor.read(piece.value(), offset, value, 0, length);
            CpuTensor.read(piece.gradient(), offset, gradient, 0, length);
            CpuTensor.read(piece.mean(), offset, mean, 0, length);
            CpuTensor.read(piece.variance(), offset, variance, 0, length);
            context.kernels().adam(value, gradient, mean, variance, length, factors);
            CpuTensor.write(value, 0, piece.value(), offset, length);
            CpuTensor.write(mean, 0, piece.mean(), offset, length);
            CpuTensor.write(variance, 0, piece.variance(), offset, length);
            piece.gradient()
                    .asSlice(offset * Float.BYTES, (long) length * Float.BYTES)
                    .fill((byte) 0);
        }
    }
}

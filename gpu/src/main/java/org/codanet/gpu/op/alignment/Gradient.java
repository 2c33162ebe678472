package org.codanet.gpu.op.alignment;

import org.codanet.gpu.library.CublasHandle.Matrix;
import org.codanet.gpu.library.MatrixProducts;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;

/**
 * The full gradient of a dynamic alignment layer, patch first. With g' = g f and e = g s ∂f/∂q the gradient with respect to a
 * dynamic weight is {@code g'_j p + 2 e_j w_j}; it is never formed:
 *
 * <pre>
 *   gradient (m, L) = (da, g' a)                                  beside the products u, column by column
 *   dx       = collected patches of  gradient · Wᵀ
 *   dW       = patchesᵀ · gradient,  dB_j += B_j Σ 2 e_j a aᵀ     the sums over all positions of all images
 * </pre>
 *
 * <p>For the gradient of a map that was applied to another input v, the products with B and b are those of v's patches, and dx
 * has the part that comes through the factors a alone.
 */
final class Gradient {
    private static final int NOTHING = 0;

    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final PackedWeights weights;

    Gradient(CudaResources resources, AlignmentKernels kernels, PackedWeights weights) {
        this.resources = resources;
        this.kernels = kernels;
        this.weights = weights;
    }

    /** Workspace of one call: addresses, from sums over all images to what some images at a time need. */
    private static final class Room {
        private final long patches;
        private final long others;
        private final long u;
        private final long gradient;
        private final long moment;
        private final long scaled;
        private final long curvature;
        private final long pairs;
        private final long dPatches;
        private final long factors;
        private final int images;

        /** What each position takes. */
        private static long rowFloats(PatchGrid e) {
            return 3L * e.patch() + 2L * e.row() + (long) e.slots() * e.units() + 2L * e.units() + e.pairs() + 1;
        }

        static long bytes(CudaResources resources, PatchGrid e) {
            long images = e.imagesWithin(resources.chunkBytes(), rowFloats(e), e.n());
            return Float.BYTES * (WeightGradients.floats(e) + images * e.positions() * rowFloats(e));
        }

        /** @param base behind the sums */
        Room(CudaResources resources, PatchGrid e, boolean mapped, long base) {
            int spread = e.slots() * e.units();
            images = e.imagesWithin(resources.chunkBytes(), rowFloats(e), e.n());
            long rows = (long) images * e.positions();
            patches = base;
            others = mapped ? patches + 4 * rows * e.patch() : patches;
            u = patches + 8 * rows * e.patch();
            gradient = u + 4 * rows * e.row();
            moment = gradient + 4 * rows * e.row();
            scaled = moment + 4 * rows * spread;
            curvature = scaled + 4 * rows * e.units();
            pairs = curvature + 4 * rows * e.units();
            dPatches = pairs + 4 * rows * e.pairs();
            factors = dPatches + 4 * rows * e.patch();
        }
    }

    /** Bytes of workspace for images of these extents. */
    long bytes(PatchGrid extents) {
        return Room.bytes(resources, extents);
    }

    /**
     * Adds to the gradients of the weights, unless null; writes dIn, or adds to it if v is not x.
     *
     * @param v what the frozen map was applied to: x itself in a layer's own gradient
     * @param dIn 0 if it is not needed
     */
    void run(ForwardState kept, long v, long x, long dOut, long dIn, Weights gradients) {
        PatchGrid e = kept.extents();
        boolean mapped = v != x;
        long base = resources.workspace().atLeast(bytes(e));
        WeightGradients sums = new WeightGradients(resources, kernels, weights, e, base);
        Room room = new Room(resources, e, mapped, base + Float.BYTES * WeightGradients.floats(e));
        sums.clear();
        long image = (long) Float.BYTES * e.h() * e.w() * e.shape().inChannels();
        for (int first = 0; first < e.n(); first += room.images) {
            int count = Math.min(room.images, e.n() - first);
            int rows = Math.toIntExact((long) count * e.positions());
            long row = (long) first * e.positions();
            kernels.gather(e, x + first * image, count, room.patches);
            if (mapped) {
                kernels.gather(e, v + first * image, count, room.others);
            }
            products(room, e, rows);
            gradients(room, e, kept, row, rows, dOut);
            if (e.bounded()) {
                sums.takeBounds(room.curvature, kept.squares(row), rows, room.factors);
            }
            if (gradients != null) {
                add(sums, room, e, kept, row, rows, first > 0, mapped);
            }
            if (dIn != NOTHING) {
                pullBack(room, e, rows, mapped);
                kernels.collect(e, room.dPatches, count, dIn + first * image, mapped);
            }
        }
        if (gradients != null) {
            sums.addTo(gradients, !e.bounded());
        }
    }

    private void products(Room room, PatchGrid e, int rows) {
        kernels.products()
                .multiply(
                        rows,
                        e.row(),
                        e.patch(),
                        Matrix.of(room.others, e.patch()),
                        weights.packed(),
                        room.u,
                        e.row(),
                        false);
    }

    /** The rows of gradients: g' a beside da. */
    private void gradients(Room room, PatchGrid e, ForwardState kept, long row, int rows, long dOut) {
        kernels.elements(
                "alignment_gradients",
                (long) rows * e.units(),
                kernel -> kernel.address(room.scaled)
                        .address(room.gradient)
                        .address(room.curvature)
                        .address(room.moment)
                        .address(dOut + Float.BYTES * row * e.units())
                        .address(room.u)
                        .address(kept.factors(row))
                        .address(kept.squares(row))
                        .address(weights.frobenius())
                        .int32(e.shape().norm().ordinal())
                        .int32(e.rank())
                        .int32(e.slots())
                        .int32(e.units()));
        if (!e.bounded()) {
            kernels.products()
                    .multiply(
                            rows,
                            e.pairs(),
                            e.units(),
                            Matrix.of(room.curvature, e.units()),
                            Matrix.of(weights.gram(), e.units()).transpose(),
                            room.pairs,
                            e.pairs(),
                            false);
        }
        kernels.warps(
                "factor_gradients",
                (long) rows * e.rank(),
                kernel -> kernel.address(room.gradient)
                        .address(room.scaled)
                        .address(room.u)
                        .address(kept.factors(row))
                        .address(e.bounded() ? 0 : room.pairs)
                        .int32(e.rank())
                        .int32(e.slots())
                        .int32(e.units()));
    }

    /** What is summed over all positions: products of patches and gradients, and second moments of the factors. */
    private void add(
            WeightGradients sums,
            Room room,
            PatchGrid e,
            ForwardState kept,
            long row,
            int rows,
            boolean adds,
            boolean mapped) {
        int spread = e.slots() * e.units();
        MatrixProducts cublas = kernels.products();
        Matrix patches = Matrix.of(room.patches, e.patch()).transpose();
        Matrix all = Matrix.of(room.gradient, e.row());
        if (mapped) {
            Matrix others = Matrix.of(room.others, e.patch()).transpose();
            Matrix slots = Matrix.of(room.gradient + (long) Float.BYTES * e.rank(), e.row());
            cublas.multiply(e.patch(), e.rank(), rows, patches, all, sums.dW(), e.row(), adds);
            cublas.multiply(
                    e.patch(), spread, rows, others, slots, sums.dW() + (long) Float.BYTES * e.rank(), e.row(), adds);
        } else {
            cublas.multiply(e.patch(), e.row(), rows, patches, all, sums.dW(), e.row(), adds);
        }
        if (!e.bounded()) {
            Matrix factors = Matrix.of(kept.factors(row), e.slots()).transpose();
            cublas.multiply(
                    e.slots(), spread, rows, factors, Matrix.of(room.moment, spread), sums.moments(), spread, adds);
        }
    }

    /** Gradients of the patches; of a map's, the part through the factors alone. */
    private void pullBack(Room room, PatchGrid e, int rows, boolean mapped) {
        kernels.products()
                .multiply(
                        rows,
                        e.patch(),
                        mapped ? e.rank() : e.row(),
                        Matrix.of(room.gradient, e.row()),
                        weights.packed().transpose(),
                        room.dPatches,
                        e.patch(),
                        false);
        if (e.bounded()) {
            kernels.elements(
                    "add_scaled_rows",
                    (long) rows * e.patch(),
                    kernel -> kernel.address(room.dPatches)
                            .address(room.patches)
                            .address(room.factors)
                            .int32(e.patch()));
        }
    }
}

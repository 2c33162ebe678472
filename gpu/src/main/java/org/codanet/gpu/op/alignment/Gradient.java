package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.Matrix;
import org.codanet.gpu.library.MatrixProducts;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignment.Weights;

/**
 * The full gradient in the patch-first form: GEMMs, and between them the elementwise kernels of {@code gradient.cu}.
 *
 * <pre>
 *   u        = patches · W                                             GEMM
 *   g', e, t = g' a                                                    patch_first_gradient
 *   z        = e · G                                                   GEMM with the Gram matrices
 *   da       = Σ_j g'_j u_j + e_j G_j a                                factor_gradients
 *   dW       = patchesᵀ · (da, t),  M_j = Σ e_j a aᵀ                   GEMMs, summed over all chunks of images
 *   dx       = col2im of (da, t) · Wᵀ                                  GEMM
 * </pre>
 *
 * <p>For the gradient of a map that was applied to another input v, u and the products with t are computed from the patches of v. The
 * gradient dx then has only the term that comes through the factors, da · Aᵀ, and for WB the term through the norm of the patch, β p.
 */
final class Gradient {
    static final KernelSource SOURCE = AlignmentKernels.source("gradient.cu");

    private final CudaResources resources;
    private final AlignmentKernels kernels;
    private final Patches patches;
    private final PackedWeights weights;

    Gradient(CudaResources resources, AlignmentKernels kernels, PackedWeights weights) {
        this.resources = resources;
        this.kernels = kernels;
        this.patches = new Patches(kernels);
        this.weights = weights;
    }

    /** The sums over all images, then the buffers for one chunk of images. */
    private final class Buffers {
        private final PatchGrid grid;
        private final int images;
        private final WeightGradients sums;
        private final DevicePointer patches;
        private final DevicePointer mapPatches;
        private final DevicePointer u;
        private final DevicePointer gradient;
        private final DevicePointer eFactors;
        private final DevicePointer dScores;
        private final DevicePointer e;
        private final DevicePointer c;
        private final DevicePointer z;
        private final DevicePointer dPatches;
        private final DevicePointer beta;

        /** @param map whether v is another input than x, which needs more memory */
        Buffers(PatchGrid grid, boolean map, BufferLayout layout) {
            this.grid = grid;
            images = grid.chunkImages(resources.chunkBytes(), rowFloats(), grid.n());
            long rows = (long) images * grid.positions();
            sums = new WeightGradients(resources, kernels, weights, grid, layout);
            patches = layout.floats(rows * grid.patch());
            mapPatches = map ? layout.floats(rows * grid.patch()) : patches;
            u = layout.floats(rows * grid.columns());
            gradient = layout.floats(rows * grid.columns());
            dScores = layout.floats(rows * grid.units());
            boolean bounds = grid.weightBounding();
            eFactors = AlignmentKernels.floatsOrNull(layout, bounds ? 0 : rows * grid.slotColumns());
            e = AlignmentKernels.floatsOrNull(layout, bounds ? 0 : rows * grid.units());
            z = AlignmentKernels.floatsOrNull(layout, bounds ? 0 : rows * grid.pairs());
            c = AlignmentKernels.floatsOrNull(layout, bounds ? rows * grid.units() : 0);
            beta = AlignmentKernels.floatsOrNull(layout, bounds ? rows : 0);
            dPatches = layout.floats(rows * grid.patch());
        }

        private long rowFloats() {
            return 3L * grid.patch() + 2L * grid.columns() + grid.slotColumns() + 2L * grid.units() + grid.pairs() + 1;
        }
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        new Buffers(grid, true, layout);
        return layout.bytes();
    }

    /**
     * Adds to the gradients of the weights, unless they are null. Overwrites dIn if v is x, and adds to it otherwise.
     *
     * @param v the input that the frozen map was applied to; x itself for the gradient of a layer
     * @param dIn {@link DevicePointer#NULL} if it is not needed
     */
    void run(
            ForwardState state,
            DevicePointer v,
            DevicePointer x,
            DevicePointer dOut,
            DevicePointer dIn,
            Weights gradients) {
        PatchGrid grid = state.grid();
        boolean map = !v.equals(x);
        DevicePointer workspace = resources.workspace(workspaceBytes(grid));
        Buffers buffers = new Buffers(grid, map, BufferLayout.of(workspace, AlignmentKernels.BUFFER_ALIGNMENT));
        buffers.sums.clear();
        for (int first = 0; first < grid.n(); first += buffers.images) {
            int count = Math.min(buffers.images, grid.n() - first);
            int rows = Math.toIntExact((long) count * grid.positions());
            long row = (long) first * grid.positions();
            long image = first * grid.imageFloats();
            patches.im2col(grid, x.floatsFrom(image), count, buffers.patches);
            if (map) {
                patches.im2col(grid, v.floatsFrom(image), count, buffers.mapPatches);
            }
            multiplyPatches(buffers, rows);
            rowGradients(buffers, state, row, rows, dOut.floatsFrom(row * grid.units()));
            if (grid.weightBounding()) {
                buffers.sums.addBounds(buffers.c, state.squaredNorms(row), rows, buffers.beta);
            }
            if (gradients != null) {
                addToSums(buffers, state, row, rows, map, first > 0);
            }
            if (!dIn.isNull()) {
                patchGradients(buffers, rows, map);
                patches.col2im(grid, buffers.dPatches, count, dIn.floatsFrom(image), map);
            }
        }
        if (gradients != null) {
            buffers.sums.addTo(gradients, !grid.weightBounding());
        }
    }

    private void multiplyPatches(Buffers buffers, int rows) {
        PatchGrid grid = buffers.grid;
        Matrix left = Matrix.of(buffers.mapPatches, rows, grid.patch());
        kernels.products().multiply(left, weights.packed(), Matrix.of(buffers.u, rows, grid.columns()), false);
    }

    /** Computes the gradient rows (da, t). */
    private void rowGradients(Buffers buffers, ForwardState state, long row, int rows, DevicePointer dOut) {
        PatchGrid grid = buffers.grid;
        kernels.elements(
                SOURCE,
                "patch_first_gradient",
                (long) rows * grid.units(),
                kernel -> kernel.pointer(buffers.dScores)
                        .pointer(buffers.gradient)
                        .pointer(buffers.e)
                        .pointer(buffers.eFactors)
                        .pointer(buffers.c)
                        .pointer(dOut)
                        .pointer(buffers.u)
                        .pointer(state.factors(row))
                        .pointer(state.squaredNorms(row))
                        .pointer(weights.frobenius())
                        .constant(grid.shape().norm())
                        .int32(grid.rank())
                        .int32(grid.slots())
                        .int32(grid.units()));
        if (!grid.weightBounding()) {
            Matrix e = Matrix.of(buffers.e, rows, grid.units());
            Matrix z = Matrix.of(buffers.z, rows, grid.pairs());
            kernels.products().multiply(e, weights.gram().transpose(), z, false);
        }
        kernels.warps(
                SOURCE,
                "factor_gradients",
                (long) rows * grid.rank(),
                kernel -> kernel.pointer(buffers.gradient)
                        .pointer(buffers.dScores)
                        .pointer(buffers.u)
                        .pointer(state.factors(row))
                        .pointer(buffers.z)
                        .int32(grid.rank())
                        .int32(grid.slots())
                        .int32(grid.units()));
    }

    /** Adds the products of some rows to dW and to the moments, or overwrites these. */
    private void addToSums(Buffers buffers, ForwardState state, long row, int rows, boolean map, boolean adds) {
        PatchGrid grid = buffers.grid;
        WeightGradients sums = buffers.sums;
        MatrixProducts products = kernels.products();
        Matrix left = Matrix.of(buffers.patches, rows, grid.patch()).transpose();
        Matrix gradient = Matrix.of(buffers.gradient, rows, grid.columns());
        if (map) {
            Matrix mapLeft = Matrix.of(buffers.mapPatches, rows, grid.patch()).transpose();
            Matrix dFactors = gradient.columns(0, grid.rank());
            Matrix t = gradient.columns(grid.rank(), grid.slotColumns());
            products.multiply(left, dFactors, sums.columnsOfA(), adds);
            products.multiply(mapLeft, t, sums.slotColumns(), adds);
        } else {
            products.multiply(left, gradient, sums.dW(), adds);
        }
        if (!grid.weightBounding()) {
            Matrix factors = Matrix.of(state.factors(row), rows, grid.slots()).transpose();
            Matrix eFactors = Matrix.of(buffers.eFactors, rows, grid.slotColumns());
            products.multiply(factors, eFactors, sums.moments(), adds);
        }
    }

    /** Computes the gradients of the patches. For a map the columns of t are left out, because they belong to the patches of v. */
    private void patchGradients(Buffers buffers, int rows, boolean map) {
        PatchGrid grid = buffers.grid;
        int columns = map ? grid.rank() : grid.columns();
        Matrix gradient = Matrix.of(buffers.gradient, rows, grid.columns()).columns(0, columns);
        Matrix right = weights.packed().columns(0, columns).transpose();
        kernels.products().multiply(gradient, right, Matrix.of(buffers.dPatches, rows, grid.patch()), false);
        if (grid.weightBounding()) {
            patches.addScaled(grid, buffers.dPatches, buffers.patches, buffers.beta, rows);
        }
    }
}

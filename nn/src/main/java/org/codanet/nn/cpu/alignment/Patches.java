package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/**
 * How patches become rows of matrix products, and how products become values at positions again. Every pass of a layer is
 * written once against this; its two forms are the patches themselves ({@link DirectPatches}) and their Winograd transform
 * ({@link WinogradPatches}), which has 16 small products, one a frequency, where the other has a large one.
 */
abstract class Patches {
    protected final DynamicAlignmentShape shape;
    protected final Kernels kernels;

    protected Patches(DynamicAlignmentShape shape, Kernels kernels) {
        this.shape = shape;
        this.kernels = kernels;
    }

    /** The form that is less work for this layer: with few channels Winograd's transforms cost more than they save. */
    static Patches of(DynamicAlignmentShape shape, Kernels kernels) {
        return shape.kernel() == 3 && shape.stride() == 1 && shape.inChannels() >= kernels.lanes()
                ? new WinogradPatches(shape, kernels)
                : new DirectPatches(shape, kernels);
    }

    /** For {@code --verbose}: {@code direct} or {@code Winograd F(2x2, 3x3)}. */
    abstract String name();

    /** Products a row takes part in. */
    abstract int frequencies();

    /** Inner extent of a forward product. */
    abstract int depth();

    /** Floats between the rows of one frequency: the depth padded for vectors and for tiles of its transpose. */
    abstract int rowLength();

    abstract PatchGrid grid(Shape x, int threads);

    /**
     * Groups of 8 rows that one call computes the products of. With one frequency these are all of a task; with many, each of one
     * group's tiles fills the call, and fills the first-level cache.
     */
    final int groupsAtOnce(PatchGrid grid) {
        return frequencies() == 1 ? grid.groups() : 1;
    }

    /** Floats of one padded image. */
    final int paddedImage(PatchGrid grid) {
        return grid.paddedH() * grid.paddedW() * pixel();
    }

    /** Floats between the pixels of a padded image. */
    abstract int pixel();

    /** Copies image {@code image} of x into the middle of zeros. */
    final void pad(PatchGrid grid, MemorySegment x, int image, float[] padded, int offset) {
        java.util.Arrays.fill(padded, offset, offset + paddedImage(grid), 0);
        int c = shape.inChannels();
        for (int y = 0; y < grid.h(); y++) {
            long from = ((long) image * grid.h() + y) * grid.w() * c;
            int to = offset + ((y + shape.padding()) * grid.paddedW() + shape.padding()) * pixel();
            if (pixel() == c) {
                CpuTensor.read(x, from, padded, to, grid.w() * c);
            } else {
                for (int i = 0; i < grid.w(); i++) {
                    CpuTensor.read(x, from + (long) i * c, padded, to + i * pixel(), c);
                }
            }
        }
    }

    /** The reverse of {@link #pad}: overwrites image {@code image} of {@code x}; what fell on the padding is dropped. */
    final void unpad(PatchGrid grid, float[] padded, int offset, MemorySegment x, int image) {
        int c = shape.inChannels();
        for (int y = 0; y < grid.h(); y++) {
            long to = ((long) image * grid.h() + y) * grid.w() * c;
            int from = offset + ((y + shape.padding()) * grid.paddedW() + shape.padding()) * pixel();
            if (pixel() == c) {
                CpuTensor.write(padded, from, x, to, grid.w() * c);
            } else {
                for (int i = 0; i < grid.w(); i++) {
                    CpuTensor.write(padded, from + i * pixel(), x, to + (long) i * c, c);
                }
            }
        }
    }

    /** Writes the rows of a task, (frequencies, taskRows, rowLength), zero where a row does not exist. */
    abstract void gather(PatchGrid grid, float[] padded, int task, float[] out, int offset);

    /**
     * From tiles m (frequencies, groups at once, 8 rows, 2 · lanes) to the values at the rows' positions, for the first or
     * second vector of the tiles. Adds them times a factor to s, stores them to {@code out}; either may be null.
     */
    abstract void collect(
            float[] m,
            int groups,
            int vector,
            float[] a,
            int ao,
            int lda,
            float[] s,
            int so,
            int lds,
            float[] out,
            int oo,
            int ldo);

    /**
     * The adjoint of {@link #collect}: from one vector of values at the positions of some rows, times a factor unless null, to left
     * sides of {@code products}, (frequencies, rows, {@code ldt}) at {@code oo}, rows of one frequency {@code ldf} values apart in all.
     */
    abstract void spread(
            Products products,
            float[] g,
            int go,
            int ldg,
            float[] a,
            int ao,
            int lda,
            float[] out,
            int oo,
            int ldf,
            int ldt,
            int rows);

    /**
     * Adds the rows of products with the transposed weights to a padded image: the adjoint of {@link #gather}.
     *
     * @param products tiles (panels of {@link #rowLength}, frequencies, groups, 8, width · lanes) of all tasks; destroyed
     */
    abstract void scatter(PatchGrid grid, float[] products, int image, float[] padded, int offset);

    /** Taps of a weight that go into one depth index: 1, or 9. */
    abstract int taps();

    /** Transforms one vector's taps ({@code ldt} apart) of one depth index to the frequencies ({@code ldf} apart). */
    abstract void transformWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf);

    /** The adjoint of {@link #transformWeight}; destroys {@code in}, overwrites {@code taps}. */
    abstract void transformWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt);

    /** Patch entry (ky, kx, c) that is tap {@code tap} of depth index {@code k}. */
    final int patchEntry(int tap, int k) {
        return tap * depth() + k;
    }

    /** Vectors of a row of products with the transposed weights. */
    final int depthVectors() {
        return (depth() + kernels.lanes() - 1) / kernels.lanes();
    }

    final int depthPanels() {
        return (depthVectors() + 1) / 2;
    }

    final int depthWidth(int panel) {
        return Math.min(2, depthVectors() - 2 * panel);
    }

    /** Floats of one task's products with the transposed weights. */
    final int productsOfTask(PatchGrid grid) {
        return frequencies() * grid.taskRows() * depthVectors() * kernels.lanes();
    }

    /** Offset of a tile of them. */
    final int product(PatchGrid grid, int panel, int frequency, int group) {
        int lanes = kernels.lanes();
        return frequencies() * grid.taskRows() * 2 * lanes * panel
                + (frequency * grid.groups() + group) * Kernels.ROWS * depthWidth(panel) * lanes;
    }
}

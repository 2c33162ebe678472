package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Rows;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/**
 * How patches become rows of matrix products (im2col), and how products become values at positions. There are two forms: the patches
 * themselves ({@link DirectPatches}) and their Winograd transform ({@link WinogradPatches}). The transform replaces one large product by
 * 16 small ones, one for each frequency. Every pass of a layer is written once, against this class.
 */
abstract class Patches {
    protected final DynamicAlignmentShape shape;
    protected final Kernels kernels;

    protected Patches(DynamicAlignmentShape shape, Kernels kernels) {
        this.shape = shape;
        this.kernels = kernels;
    }

    /** The form with less work for this layer. With few channels Winograd's transforms cost more than they save. */
    static Patches of(DynamicAlignmentShape shape, Kernels kernels) {
        return shape.kernel() == 3 && shape.stride() == 1 && shape.inChannels() >= kernels.lanes()
                ? new WinogradPatches(shape, kernels)
                : new DirectPatches(shape, kernels);
    }

    /** The name of the form, for {@code --verbose}. */
    abstract String name();

    /** Number of products for each row: 1, or 16 in Winograd's form. */
    abstract int frequencies();

    /** Depth (inner extent) of a forward product: P, or C in Winograd's form. */
    abstract int depth();

    /** Floats between the rows of one frequency: the depth, padded for vectors and for tiles of its transpose. */
    abstract int rowLength();

    /** The grid of the patches of an input (N, H, W, C), split into tasks for {@code threads} threads. */
    abstract PatchGrid grid(Shape x, int threads);

    /**
     * Groups of 8 rows whose products one call computes. In the direct form these are all groups of a task. In Winograd's form it is one
     * group, because its tiles of all frequencies fill the first-level cache.
     */
    final int groupsAtOnce(PatchGrid grid) {
        return frequencies() == 1 ? grid.groups() : 1;
    }

    /** Tiles that one call computes: all frequencies of one group, or all groups of the one frequency. */
    final int tilesAtOnce(PatchGrid grid) {
        return frequencies() * groupsAtOnce(grid);
    }

    /** Floats of the rows of one task, as {@link #im2col} writes them. */
    final int rowFloats(PatchGrid grid) {
        return frequencies() * grid.taskRows() * rowLength();
    }

    /** Floats of one padded image. */
    final int paddedImage(PatchGrid grid) {
        return grid.paddedH() * grid.paddedW() * pixel();
    }

    /** Floats between the pixels of a padded image. */
    abstract int pixel();

    /** Copies image {@code image} of x to {@code offset}, surrounded by zeros. */
    final void pad(PatchGrid grid, MemorySegment x, int image, float[] padded, int offset) {
        java.util.Arrays.fill(padded, offset, offset + paddedImage(grid), 0);
        int c = shape.inChannels();
        for (int y = 0; y < grid.h(); y++) {
            long from = ((long) image * grid.h() + y) * grid.w() * c;
            int to = offset + inner(grid, y);
            if (pixel() == c) {
                CpuTensor.read(x, from, padded, to, grid.w() * c);
            } else {
                for (int i = 0; i < grid.w(); i++) {
                    CpuTensor.read(x, from + (long) i * c, padded, to + i * pixel(), c);
                }
            }
        }
    }

    /** The reverse of {@link #pad}: overwrites image {@code image} of {@code x} and ignores the values on the padding. */
    final void unpad(PatchGrid grid, float[] padded, MemorySegment x, int image) {
        int c = shape.inChannels();
        for (int y = 0; y < grid.h(); y++) {
            long to = ((long) image * grid.h() + y) * grid.w() * c;
            int from = inner(grid, y);
            if (pixel() == c) {
                CpuTensor.write(padded, from, x, to, grid.w() * c);
            } else {
                for (int i = 0; i < grid.w(); i++) {
                    CpuTensor.write(padded, from + i * pixel(), x, to + (long) i * c, c);
                }
            }
        }
    }

    /**
     * Like {@link #unpad}, but adds to {@code x}.
     *
     * @param row temporary array of at least W · C floats
     */
    final void addUnpadded(PatchGrid grid, float[] padded, MemorySegment x, int image, float[] row) {
        int c = shape.inChannels();
        for (int y = 0; y < grid.h(); y++) {
            long to = ((long) image * grid.h() + y) * grid.w() * c;
            CpuTensor.read(x, to, row, 0, grid.w() * c);
            for (int i = 0; i < grid.w(); i++) {
                kernels.axpy(1, padded, inner(grid, y) + i * pixel(), row, i * c, c);
            }
            CpuTensor.write(row, 0, x, to, grid.w() * c);
        }
    }

    /** Offset in a padded image at which row {@code y} of the image begins. */
    private int inner(PatchGrid grid, int y) {
        return ((y + shape.padding()) * grid.paddedW() + shape.padding()) * pixel();
    }

    /** Writes the rows of a task, (frequencies, taskRows, rowLength), with zeros for rows that do not exist. */
    abstract void im2col(PatchGrid grid, float[] padded, int task, float[] out, int offset);

    /**
     * The output transform: writes the values at the positions of {@code groups} groups of rows, one vector of lanes for each position.
     *
     * @param m tiles (frequencies, groups, 8 rows, 2 · lanes) of a product
     * @param vector the first (0) or the second (1) vector of the tiles
     * @param out rows of positions, {@code ldo} apart
     */
    abstract void outputTransform(float[] m, int groups, int vector, float[] out, int oo, int ldo);

    /**
     * {@link #outputTransform} followed by the reduction to scores: adds {@code a[position] · u} to s, where u is the transformed vector.
     *
     * @param a one factor for each position, {@code lda} apart
     * @param s rows of positions, {@code lds} apart
     */
    abstract void addScores(float[] m, int groups, int vector, float[] a, int ao, int lda, float[] s, int so, int lds);

    /**
     * The adjoint of {@link #outputTransform}: writes left sides of {@code products} from one vector of values at the positions of
     * {@code rows} rows.
     *
     * @param g the values, one row for each position
     * @param a a factor for each position; null for 1
     * @param out rows of one frequency, in values
     * @param ldf distance between two frequencies of a row, in values
     */
    abstract void outputTransformAdjoint(Products products, Rows g, Rows a, Rows out, int ldf, int rows);

    /**
     * The adjoint of {@link #im2col}: adds the rows of products with the transposed weights to one padded image.
     *
     * @param products tiles (panels of {@link #rowLength}, frequencies, groups, 8, width · lanes) of all tasks; destroyed
     */
    abstract void col2im(PatchGrid grid, float[] products, int image, float[] padded);

    /** Taps of the kernel that are transformed together: 1, or 9 in Winograd's form. */
    abstract int taps();

    /**
     * The weight transform of one vector of lanes at one depth.
     *
     * @param taps {@code ldt} apart
     * @param out frequencies, {@code ldf} apart
     */
    abstract void weightTransform(float[] taps, int to, int ldt, float[] out, int oo, int ldf);

    /** The adjoint of {@link #weightTransform}: destroys {@code in} and overwrites {@code taps}. */
    abstract void weightTransformAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt);

    /** Index of the patch entry (ky, kx, c) that belongs to tap {@code tap} at depth {@code k}. */
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
    final int backProductFloats(PatchGrid grid) {
        return frequencies() * grid.taskRows() * depthVectors() * kernels.lanes();
    }

    /** Offset of one tile of these products. */
    final int backProductTile(PatchGrid grid, int panel, int frequency, int group) {
        int lanes = kernels.lanes();
        return frequencies() * grid.taskRows() * 2 * lanes * panel
                + (frequency * grid.groups() + group) * Kernels.ROWS * depthWidth(panel) * lanes;
    }
}

package org.codanet.nn.cpu;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.op.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The products of a dynamic alignment layer in bfloat16: the columns of A and of every slot are the output channels of one
 * ordinary convolution, which oneDNN computes on the processor's bfloat16 units with float32 sums. What comes of the products
 * (scores, norms, gradients of the factors) stays float32 and our own. Runs over a few images at a time, so that the products
 * are still in the cache when they are reduced.
 */
final class Bfloat16Columns {
    /** Bytes of products that are held at a time unless they are kept: about what the last-level cache gives to one task. */
    private static final long HELD = 8L << 20;

    private static final int ROW = 14;

    private final CpuContext context;
    private final CpuConvolution convolution;
    private final DynamicAlignmentShape shape;
    private final Columns columns;
    private final String owner;
    private CpuTensor matrix;

    Bfloat16Columns(
            CpuContext context,
            CpuConvolution convolution,
            DynamicAlignmentShape shape,
            Columns columns,
            String owner) {
        this.context = context;
        this.convolution = convolution;
        this.shape = shape;
        this.columns = columns;
        this.owner = owner;
    }

    /** Output channels of the convolution. */
    static int width(Columns columns) {
        return columns.vectors() * columns.lanes();
    }

    /** (N, Ho, Wo, width). */
    static Shape products(PatchGrid grid, Columns columns, int images) {
        return Shape.of(images, grid.outH(), grid.outW(), width(columns));
    }

    private CpuTensor tensor(Shape shape) {
        return new CpuTensor(shape, owner, context.name(), context.memory());
    }

    private Shape matrixShape() {
        return Shape.of(shape.kernel(), shape.kernel(), shape.inChannels(), width(columns));
    }

    /** (k, k, C, width): the rows of (A, B, b), written by {@link PackedWeights}. */
    MemorySegment matrix() {
        if (matrix == null) {
            matrix = tensor(matrixShape());
        }
        return CpuTensor.segment(matrix);
    }

    long matrixBytes() {
        return matrixShape().bytes();
    }

    void release() {
        if (matrix != null) {
            matrix.close();
            matrix = null;
        }
    }

    /** Whole images whose rows make whole tasks, or all of them. */
    int imagesAtOnce(PatchGrid grid) {
        long image = Float.BYTES * (long) grid.rowsPerImage() * width(columns);
        int most = Math.clamp(HELD / image, 1, grid.n());
        for (int images = most; images >= 1; images--) {
            if (images * grid.rowsPerImage() % grid.taskRows() == 0) {
                return images;
            }
        }
        for (int images = most; images < grid.n(); images++) {
            if (images * grid.rowsPerImage() % grid.taskRows() == 0) {
                return images;
            }
        }
        return grid.n();
    }

    /** Floats of the products of some images, and of what oneDNN makes of them and of the weights. */
    long workspaceFloats(PatchGrid grid) {
        return 2 * products(grid, columns, imagesAtOnce(grid)).elements()
                + matrixShape().elements();
    }

    /** Works on the products of some images. */
    @FunctionalInterface
    interface Part {
        /**
         * @param products of the images from {@code first} to below {@code end}
         */
        void run(CpuTensor products, int first, int end);
    }

    /** Products of all images with all columns, a few images at a time, into {@code keep} or where the next overwrite them. */
    void forward(PatchGrid grid, Tensor x, CpuTensor keep, Part part) {
        int step = imagesAtOnce(grid);
        try (CpuTensor own = keep == null ? tensor(products(grid, columns, step)) : null) {
            for (int first = 0; first < grid.n(); first += step) {
                int end = Math.min(grid.n(), first + step);
                CpuTensor u = (CpuTensor) (keep == null ? own.slice(0, end - first) : keep.slice(first, end - first));
                convolution.forward(x.slice(first, end - first), matrix, null, u);
                part.run(u, first, end);
            }
        }
    }

    /** Products of a position: a (unless null) and the scores s of its row, which are overwritten. */
    void reduce(CpuTensor products, long position, float[] a, int ao, boolean factors, float[] s, int so, int worker) {
        int width = width(columns);
        int slotsFrom = columns.aVectors() * columns.lanes();
        float[] row = context.scratch(worker, ROW, width);
        CpuTensor.read(CpuTensor.segment(products), position * width, row, 0, width);
        if (factors) {
            System.arraycopy(row, 0, a, ao, shape.rank());
            if (shape.bias()) {
                a[ao + shape.rank()] = 1;
            }
            a[ao + columns.slots()] = 0;
        }
        java.util.Arrays.fill(s, so, so + columns.unitLanes(), 0);
        for (int slot = 0; slot < columns.slots(); slot++) {
            context.kernels()
                    .axpy(a[ao + slot], row, slotsFrom + slot * columns.unitLanes(), s, so, columns.unitLanes());
        }
    }

    /** Which columns a gradient has. */
    enum Which {
        ALL,
        FACTORS,
        SLOTS
    }

    /**
     * Pulls values at the output positions back through the columns: those of the slots are g_j a_ρ, those of A are da.
     *
     * @param g (positions, unit lanes), a and da (positions, factor lanes) of all images
     * @param dIn overwritten; null leaves it out
     * @param x what the weights' gradient is taken with; null leaves it out
     * @param found added to, as {@link #matrix}; null with x
     */
    void backward(
            PatchGrid grid, Which which, float[] g, float[] a, float[] da, Tensor dIn, Tensor x, CpuTensor found) {
        int step = imagesAtOnce(grid);
        int width = width(columns);
        int perImage = grid.rowsPerImage();
        try (CpuTensor values = tensor(products(grid, columns, step))) {
            for (int first = 0; first < grid.n(); first += step) {
                int images = Math.min(grid.n(), first + step) - first;
                CpuTensor t = (CpuTensor) values.slice(0, images);
                MemorySegment segment = CpuTensor.segment(t);
                int from = first * perImage;
                context.workers().run(images * grid.rowsH(), (line, worker) -> {
                    float[] row = context.scratch(worker, ROW, width);
                    for (int i = 0; i < grid.rowsW(); i++) {
                        int position = line * grid.rowsW() + i;
                        spread(which, g, a, da, from + position, row);
                        CpuTensor.write(row, 0, segment, (long) position * width, width);
                    }
                });
                if (dIn != null) {
                    convolution.backwardData(t, matrix, dIn.slice(first, images));
                }
                if (x != null) {
                    convolution.backwardWeights(x.slice(first, images), t, found, null);
                }
            }
        }
    }

    private void spread(Which which, float[] g, float[] a, float[] da, int position, float[] row) {
        int slotsFrom = columns.aVectors() * columns.lanes();
        int factor = position * columns.factorLanes();
        if (which == Which.SLOTS) {
            java.util.Arrays.fill(row, 0, slotsFrom, 0);
        } else {
            System.arraycopy(da, factor, row, 0, shape.rank());
            java.util.Arrays.fill(row, shape.rank(), slotsFrom, 0);
        }
        java.util.Arrays.fill(row, slotsFrom, width(columns), 0);
        for (int slot = 0; which != Which.FACTORS && slot < columns.slots(); slot++) {
            context.kernels()
                    .axpy(
                            a[factor + slot],
                            g,
                            position * columns.unitLanes(),
                            row,
                            slotsFrom + slot * columns.unitLanes(),
                            columns.unitLanes());
        }
    }

    /** A gradient of the matrix, all zero; the caller closes it. */
    CpuTensor gradient() {
        CpuTensor gradient = tensor(matrixShape());
        CpuTensor.segment(gradient).fill((byte) 0);
        return gradient;
    }
}

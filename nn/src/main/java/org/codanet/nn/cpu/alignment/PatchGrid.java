package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/**
 * The positions of the patches of one batch, and how they are split into tasks. A row of the matrix products is one output position, or
 * in Winograd's form a 2×2 square of output positions. Rows are numbered over the whole batch. All tasks have the same number of rows.
 * Rows of the last task that do not exist are computed as patches of zeros.
 */
final class PatchGrid {
    /** Largest number of rows of a task. Their patches and results share the second-level cache with a panel of weights. */
    private static final int MOST_TASK_ROWS = 64;

    private final int n;
    private final int h;
    private final int w;
    private final int outH;
    private final int outW;
    private final int side;
    private final int rowsH;
    private final int rowsW;
    private final int paddedH;
    private final int paddedW;
    private final int taskRows;

    /**
     * @param x extents of the input, (N, H, W, C)
     * @param side output positions along the side of a row's square: 1, or 2 in Winograd's form
     * @param threads number of threads among which the rows are split
     */
    PatchGrid(DynamicAlignmentShape shape, Shape x, int side, int threads) {
        this.n = x.extent(0);
        this.h = x.extent(1);
        this.w = x.extent(2);
        this.outH = shape.outExtent(h);
        this.outW = shape.outExtent(w);
        this.side = side;
        this.rowsH = (outH + side - 1) / side;
        this.rowsW = (outW + side - 1) / side;
        this.paddedH = side == 1 ? h + 2 * shape.padding() : 2 * rowsH + 2;
        this.paddedW = side == 1 ? w + 2 * shape.padding() : 2 * rowsW + 2;
        int rowsOfThread = (n * rowsH * rowsW + threads - 1) / threads;
        this.taskRows = Math.min(MOST_TASK_ROWS, (rowsOfThread + Kernels.ROWS - 1) / Kernels.ROWS * Kernels.ROWS);
    }

    /** Number of images. */
    int n() {
        return n;
    }

    /** Height of the input. */
    int h() {
        return h;
    }

    /** Width of the input. */
    int w() {
        return w;
    }

    int outH() {
        return outH;
    }

    int outW() {
        return outW;
    }

    /** Height of an image with its padding, including the rows that complete the last row of squares. */
    int paddedH() {
        return paddedH;
    }

    int paddedW() {
        return paddedW;
    }

    /** Number of rows of the matrix products across the width of an image. */
    int rowsW() {
        return rowsW;
    }

    int rowsPerImage() {
        return rowsH * rowsW;
    }

    int rows() {
        return n * rowsPerImage();
    }

    /** Rows of a task: a multiple of {@link Kernels#ROWS}. */
    int taskRows() {
        return taskRows;
    }

    int tasks() {
        return (rows() + taskRows - 1) / taskRows;
    }

    /** Number of rows of a task that exist. */
    int rowsOf(int task) {
        return Math.min(taskRows, rows() - task * taskRows);
    }

    /** Number of output positions of a row: 1, or 4 in Winograd's form. */
    int rowPositions() {
        return side * side;
    }

    /** Positions of a task, including those of rows that do not exist. */
    int taskPositions() {
        return taskRows * rowPositions();
    }

    /** Groups of {@link Kernels#ROWS} rows in a task. One group makes one tile of a product. */
    int groups() {
        return taskRows / Kernels.ROWS;
    }

    /** Index of a task's position {@code local} among all N·Ho·Wo output positions; -1 if the position does not exist. */
    int position(int task, int local) {
        int row = task * taskRows + local / rowPositions();
        if (row >= rows()) {
            return -1;
        }
        int sub = local % rowPositions();
        int image = row / rowsPerImage();
        int within = row % rowsPerImage();
        int y = within / rowsW * side + sub / side;
        int x = within % rowsW * side + sub % side;
        return y < outH && x < outW ? (image * outH + y) * outW + x : -1;
    }

    /** Whether an input with the extents {@code x} has this grid on the same operation. */
    boolean fits(Shape x) {
        return x.extent(0) == n && x.extent(1) == h && x.extent(2) == w;
    }
}

package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Shape;

/**
 * The rows that the patches of one batch make: a row is one output position, or a square of them. Rows are numbered over the
 * whole batch and shared out in tasks of equal size.
 *
 * @param side output positions along the side of a row's square: 1, or 2 for Winograd
 * @param taskRows rows of a task, a multiple of {@link Kernels#ROWS}
 */
record PatchGrid(
        int n,
        int h,
        int w,
        int outH,
        int outW,
        int side,
        int rowsH,
        int rowsW,
        int paddedH,
        int paddedW,
        int taskRows) {
    /** Rows whose transformed patches and results share the second-level cache with a panel of weights. */
    private static final int MOST_TASK_ROWS = 64;

    static PatchGrid of(DynamicAlignmentShape shape, Shape x, int side, int threads) {
        int n = x.extent(0);
        int h = x.extent(1);
        int w = x.extent(2);
        int outH = shape.outExtent(h);
        int outW = shape.outExtent(w);
        int rowsH = (outH + side - 1) / side;
        int rowsW = (outW + side - 1) / side;
        int reachH = side == 1 ? h + 2 * shape.padding() : 2 * rowsH + 2;
        int reachW = side == 1 ? w + 2 * shape.padding() : 2 * rowsW + 2;
        int share = (n * rowsH * rowsW + threads - 1) / threads;
        int taskRows = Math.min(MOST_TASK_ROWS, (share + Kernels.ROWS - 1) / Kernels.ROWS * Kernels.ROWS);
        return new PatchGrid(n, h, w, outH, outW, side, rowsH, rowsW, reachH, reachW, taskRows);
    }

    int rowsPerImage() {
        return rowsH * rowsW;
    }

    int rows() {
        return n * rowsPerImage();
    }

    int tasks() {
        return (rows() + taskRows - 1) / taskRows;
    }

    /** Rows of a task that exist; the others are zero patches. */
    int rowsOf(int task) {
        return Math.min(taskRows, rows() - task * taskRows);
    }

    /** Positions of a row. */
    int rowPositions() {
        return side * side;
    }

    /** Positions of a task, those of rows that do not exist included. */
    int taskPositions() {
        return taskRows * rowPositions();
    }

    int groups() {
        return taskRows / Kernels.ROWS;
    }

    /** Number of a task's position {@code local} among all N·Ho·Wo output positions; -1 if it lies outside. */
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
}

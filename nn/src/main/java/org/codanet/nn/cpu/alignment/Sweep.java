package org.codanet.nn.cpu.alignment;

import java.util.ArrayList;
import java.util.List;
import org.codanet.nn.cpu.alignment.BackProjection.PositionGradients;
import org.codanet.nn.cpu.alignment.WorkspaceArray.Shared;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Tensor;

/**
 * Values of all positions, one task after the other, that the gradient computes task by task. The gradients of the weights are summed
 * from them. The arrays are leased from the workspace until this object is closed.
 */
final class Sweep implements AutoCloseable {
    private static final String OWNER = "dynamic alignment, gradient";

    final PatchGrid grid;
    /** The images of x, padded. */
    final float[] padded;
    /** The patches p of x as rows; null if the weights' gradients are not needed. */
    final float[] rows;
    /** The patches that u was computed from: those of x or of the input of the linear map. Null if {@link #rows} is. */
    final float[] productRows;
    /** a. */
    final float[] a;
    /** g'. */
    final float[] g;
    /** e; null for WB. */
    final float[] e;
    /** da. */
    final float[] da;
    /** g', a and da. */
    final PositionGradients gradients;
    /** For each task, its contribution to α_j. Null unless the norm is WB. */
    final float[][] alpha;
    /** β of every output position. Null unless the norm is WB. */
    final float[] beta;

    private final List<Lease> leases = new ArrayList<>();

    /**
     * @param v the input of the linear map; null for the layer's own gradient, where u comes from x
     * @param ofWeights whether the weights' gradients are needed
     */
    Sweep(Plan plan, Forward forward, PatchGrid grid, Tensor x, Tensor v, boolean ofWeights) {
        Columns columns = plan.columns();
        int positions = grid.tasks() * grid.taskPositions();
        int factors = positions * columns.factorLanes() + columns.lanes();
        int units = positions * columns.unitLanes();
        boolean bounded = plan.shape().norm() == Norm.WB;
        this.grid = grid;
        try {
            padded = opened(forward.pad(grid, x, Shared.PADDED));
            rows = ofWeights ? im2col(plan, padded, Shared.PATCHES) : null;
            if (v != null && ofWeights) {
                productRows = im2col(plan, opened(forward.pad(grid, v, Shared.MAP_PADDED)), Shared.MAP_PATCHES);
            } else {
                productRows = rows;
            }
            a = lease(plan, Shared.FACTORS, factors);
            g = lease(plan, Shared.SCALED_GRADIENTS, units);
            e = bounded ? null : lease(plan, Shared.E, units);
            da = lease(plan, Shared.FACTOR_GRADIENTS, factors);
            gradients = new PositionGradients(g, a, da);
            alpha = bounded ? new float[grid.tasks()][columns.unitLanes()] : null;
            beta = bounded ? new float[grid.n() * grid.outH() * grid.outW()] : null;
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private float[] opened(Lease lease) {
        leases.add(lease);
        return lease.values();
    }

    private float[] lease(Plan plan, Shared array, int floats) {
        return opened(plan.workspace().leaseShared(array, floats, OWNER));
    }

    private float[] im2col(Plan plan, float[] images, Shared array) {
        int floats = plan.patches().rowFloats(grid);
        float[] all = lease(plan, array, Math.multiplyExact(grid.tasks(), floats));
        plan.workers()
                .run(grid.tasks(), (task, worker) -> plan.patches().im2col(grid, images, task, all, task * floats));
        return all;
    }

    @Override
    public void close() {
        leases.forEach(Lease::close);
    }
}

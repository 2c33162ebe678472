package org.codanet.nn.cpu.alignment;

import java.util.Arrays;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The squared norms in double precision, by the same Gram form as in {@link SquaredNorms}. Used for layers where that form cancels
 * ({@link DynamicAlignmentShape#gramFormCancels}). With κ = ‖B_j‖ ‖a‖ / ‖w_j‖, the Gram form in float32 has a relative error of about κ²
 * units in the last place. The error of the dynamic weight itself is only about κ units.
 */
final class DoubleSquaredNorms {
    private final DynamicAlignmentShape shape;
    private final Columns columns;
    private final double[] gram;

    DoubleSquaredNorms(DynamicAlignmentShape shape, Columns columns) {
        this.shape = shape;
        this.columns = columns;
        this.gram = new double[Math.toIntExact(bytes(shape, columns) / Double.BYTES)];
    }

    /** Bytes that an instance holds; 0 for layers that need float32 only. */
    static long bytes(DynamicAlignmentShape shape, Columns columns) {
        return shape.gramFormCancels() ? (long) Double.BYTES * columns.pairs() * columns.unitLanes() : 0;
    }

    /** Computes the Gram matrices from {@link PackedWeights#slices}. */
    void prepare(float[] slices) {
        Arrays.fill(gram, 0);
        int lanes = columns.lanes();
        int slots = columns.slots();
        for (int v = 0; v < columns.unitVectors(); v++) {
            for (int entry = 0; entry < shape.patch(); entry++) {
                int row = (v * shape.patch() + entry) * slots * lanes;
                for (int slot = 0, pair = 0; slot < slots; slot++) {
                    for (int other = slot; other < slots; other++, pair++) {
                        int to = pair * columns.unitLanes() + v * lanes;
                        double weight = other == slot ? 1 : 2;
                        for (int lane = 0; lane < lanes; lane++) {
                            gram[to + lane] +=
                                    weight * slices[row + slot * lanes + lane] * slices[row + other * lanes + lane];
                        }
                    }
                }
            }
        }
    }

    /** {@code q_j = aᵀ G_j a} at each position: a is (positions, factor lanes), q (positions, unit lanes). */
    void compute(float[] a, float[] q, int positions) {
        int units = columns.unitLanes();
        int slots = columns.slots();
        double[] sums = new double[units];
        for (int p = 0; p < positions; p++) {
            Arrays.fill(sums, 0);
            int row = p * columns.factorLanes();
            for (int slot = 0, pair = 0; slot < slots; slot++) {
                for (int other = slot; other < slots; other++, pair++) {
                    double product = (double) a[row + slot] * a[row + other];
                    for (int unit = 0; unit < units; unit++) {
                        sums[unit] += product * gram[pair * units + unit];
                    }
                }
            }
            for (int unit = 0; unit < units; unit++) {
                q[p * units + unit] = (float) Math.max(0, sums[unit]);
            }
        }
    }

    /** Entry (ρ, σ), ρ ≤ σ, of a unit's Gram matrix, doubled if ρ ≠ σ. */
    double gramEntry(int slot, int other, int unit) {
        return gram[(columns.firstPair(slot) + other - slot) * columns.unitLanes() + unit];
    }
}

package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * How the weights of a dynamic alignment layer are cut into vectors of lanes. The first {@link #aVectors} hold the columns
 * of A; then come, for every slot ρ, the units: vector {@code ρ · unitVectors + v} holds B's column ρ for the lanes of unit
 * vector v. A bias is one more slot whose factor is 1, so that w = B a + b becomes one product with (a, 1).
 *
 * <p>Panels are pairs of vectors, of A or of the slots; where their number is odd, a last vector of zeros fills the pair.
 */
record Columns(int lanes, int rank, int units, boolean bias) {
    static Columns of(DynamicAlignmentShape shape, int lanes) {
        return new Columns(lanes, shape.rank(), shape.units(), shape.bias());
    }

    /** Factors of a dynamic weight: r, and one more with a bias. */
    int slots() {
        return bias ? rank + 1 : rank;
    }

    int unitVectors() {
        return (units + lanes - 1) / lanes;
    }

    /** Units padded to whole vectors: the row length of scores, norms and output gradients. */
    int unitLanes() {
        return unitVectors() * lanes;
    }

    int aVectors() {
        return (rank + 2 * lanes - 1) / (2 * lanes) * 2;
    }

    /** Row length of the factors (a, 1, 0), padded to what the vectors of A fill; the zero is for the filling vector. */
    int factorLanes() {
        return Math.max(aVectors() * lanes, (rank + 1 + lanes) / lanes * lanes);
    }

    int slotVectors() {
        return (slots() * unitVectors() + 1) / 2 * 2;
    }

    int vectors() {
        return aVectors() + slotVectors();
    }

    int aPanels() {
        return aVectors() / 2;
    }

    int panels() {
        return vectors() / 2;
    }

    /** First of a panel's two vectors. */
    int first(int panel) {
        return 2 * panel;
    }

    boolean isA(int vector) {
        return vector < aVectors();
    }

    /** Slot of a vector that is not of A. */
    int slot(int vector) {
        return (vector - aVectors()) / unitVectors();
    }

    /** First lane of a vector within a row of units, or of A's columns. */
    int lane(int vector) {
        return isA(vector) ? vector * lanes : (vector - aVectors()) % unitVectors() * lanes;
    }

    /** Lanes of a vector that hold something: none of a vector that only fills a pair. */
    int filled(int vector) {
        if (isA(vector)) {
            return Math.clamp((long) rank - lane(vector), 0, lanes);
        }
        return slot(vector) < slots() ? Math.min(lanes, units - lane(vector)) : 0;
    }

    /** Pairs ρ ≤ σ of slots. */
    int pairs() {
        return slots() * (slots() + 1) / 2;
    }

    /** Pairs padded to a multiple of 8 and of the lanes. */
    int pairLanes() {
        int unit = Math.max(lanes, Kernels.ROWS);
        return (pairs() + unit - 1) / unit * unit;
    }

    /** Number of the pair (ρ, ρ): the pairs of slot ρ follow it. */
    int firstPair(int slot) {
        return slot * slots() - slot * (slot - 1) / 2;
    }
}

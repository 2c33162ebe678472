package org.codanet.nn.cpu;

import org.codanet.nn.op.DynamicAlignmentShape;

/**
 * How the weights of a dynamic alignment layer are cut into vectors of lanes. The first {@link #aVectors} hold the columns
 * of A; then come, for every slot ρ, the units: vector {@code ρ · unitVectors + v} holds B's column ρ for the lanes of unit
 * vector v. A bias is one more slot whose factor is 1, so that w = B a + b becomes one product with (a, 1).
 *
 * <p>Panels are pairs of vectors; the last one of A and the last one of the slots may be single.
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
        return (rank + lanes - 1) / lanes;
    }

    /** Row length of the factors (a, 1), padded to whole vectors. */
    int factorLanes() {
        return (rank + lanes) / lanes * lanes;
    }

    int slotVectors() {
        return slots() * unitVectors();
    }

    int vectors() {
        return aVectors() + slotVectors();
    }

    int aPanels() {
        return (aVectors() + 1) / 2;
    }

    int panels() {
        return aPanels() + (slotVectors() + 1) / 2;
    }

    /** First vector of a panel. */
    int first(int panel) {
        return panel < aPanels() ? 2 * panel : aVectors() + 2 * (panel - aPanels());
    }

    /** Vectors of a panel: 1 or 2. */
    int width(int panel) {
        int end = panel < aPanels() ? aVectors() : vectors();
        return Math.min(2, end - first(panel));
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

    /** Lanes of a vector that hold something. */
    int filled(int vector) {
        return Math.min(lanes, (isA(vector) ? rank : units) - lane(vector));
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

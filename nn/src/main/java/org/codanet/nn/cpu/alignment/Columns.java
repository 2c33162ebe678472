package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The layout, in vectors of lanes, of weights and of values with one number for each unit. The first {@link #aVectors} vectors hold the
 * columns of A. The units follow, slot by slot: vector {@code ρ · unitVectors + v} of these holds column ρ of B for the units of unit
 * vector v. All units of a slot are adjacent, so the reduction to scores needs no sum across lanes.
 *
 * <p>A panel is a pair of vectors, both of A or both of slots. If the number of vectors is odd, a vector of zeros fills the last pair.
 */
record Columns(int lanes, int rank, int units, boolean bias) {
    static Columns of(DynamicAlignmentShape shape, int lanes) {
        return new Columns(lanes, shape.rank(), shape.units(), shape.bias());
    }

    /** S: the rank r, plus 1 if there is a bias. */
    int slots() {
        return bias ? rank + 1 : rank;
    }

    int unitVectors() {
        return (units + lanes - 1) / lanes;
    }

    /** Units padded to whole vectors: the row length of scores, squared norms and output gradients. */
    int unitLanes() {
        return unitVectors() * lanes;
    }

    int aVectors() {
        return (rank + 2 * lanes - 1) / (2 * lanes) * 2;
    }

    /** Row length of the factors (a, 0), padded to the lanes of the vectors of A. The zero is the factor of a vector that fills a pair. */
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

    /** The first of a panel's two vectors. */
    int first(int panel) {
        return 2 * panel;
    }

    boolean isA(int vector) {
        return vector < aVectors();
    }

    /** The slot of a vector that does not belong to A. */
    int slot(int vector) {
        return (vector - aVectors()) / unitVectors();
    }

    /** The first lane of a vector within a row of units, or of A's columns. */
    int lane(int vector) {
        return isA(vector) ? vector * lanes : (vector - aVectors()) % unitVectors() * lanes;
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

    /** Index of the pair (ρ, ρ). The pairs (ρ, σ) with ρ &lt; σ follow it. */
    int firstPair(int slot) {
        return slot * slots() - slot * (slot - 1) / 2;
    }

    /** Copies values (positions, unit lanes) of a task to the positions of {@code out} (N, Ho, Wo, D). */
    void writeUnits(PatchGrid grid, int task, float[] values, MemorySegment out) {
        for (int p = 0; p < grid.taskPositions(); p++) {
            long position = grid.position(task, p);
            if (position >= 0) {
                CpuTensor.write(values, p * unitLanes(), out, position * units, units);
            }
        }
    }

    /**
     * The reverse of {@link #writeUnits}, from one target of (N, K, Ho, Wo, D). Positions that do not exist and lanes without a unit get
     * zeros.
     */
    void readUnits(PatchGrid grid, int task, MemorySegment in, int target, int targets, float[] values) {
        int row = unitLanes();
        long perImage = (long) grid.outH() * grid.outW();
        Arrays.fill(values, 0, grid.taskPositions() * row, 0);
        for (int p = 0; p < grid.taskPositions(); p++) {
            long position = grid.position(task, p);
            if (position >= 0) {
                long from = (position / perImage * targets + target) * perImage + position % perImage;
                CpuTensor.read(in, from * units, values, p * row, units);
            }
        }
    }
}

package org.codanet.nn.cpu.alignment;

/**
 * What the gradient's sweep over the tasks finds and its sweep over the weights reads, for all tasks one after the other.
 *
 * @param padded the images of x in the middle of zeros
 * @param rows the rows of x's patches
 * @param slotRows the rows of those patches that the gradients of slots are taken with: of x, or of the map's input
 * @param a factors
 * @param g g', the gradients of the scores
 * @param e half the factor of each dynamic weight
 * @param da gradients of the factors
 * @param frobenius WB only, else null: of every task what its units' norms contribute
 * @param patchFactors WB only, else null: of every position the factor of its patch
 */
record Sweep(
        PatchGrid grid,
        float[] padded,
        float[] rows,
        float[] slotRows,
        float[] a,
        float[] g,
        float[] e,
        float[] da,
        float[][] frobenius,
        float[] patchFactors) {}

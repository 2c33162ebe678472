package org.codanet.nn.cpu.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The matrix products of {@link VectorKernels}: tiles of {@value Kernels#ROWS} rows whose sums stay in registers. The code uses one
 * local variable per register, because the JIT compiler keeps local variables in registers, but not array elements. With 512-bit vectors
 * {@link #product} reaches the processor's peak speed from a depth of 64 on.
 */
final class VectorTiles {
    /** The widest vectors of this processor. */
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    static final int LANES = SPECIES.length();

    /**
     * Whether a tile is computed in two halves. x86 has only 16 registers for vectors of less than 512 bits. A whole tile needs 16
     * accumulators and would leave no register for the operands.
     */
    private static final boolean FEW_REGISTERS = SPECIES.vectorBitSize() < 512;

    private VectorTiles() {}

    private static FloatVector load(float[] a, int offset) {
        return FloatVector.fromArray(SPECIES, a, offset);
    }

    /** {@link Kernels#product}. */
    static void product(
            float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co, int k, boolean add) {
        if (width == 2 && FEW_REGISTERS) {
            productHalf(a, ao, lda, b, bo, c, co, k, add);
            productHalf(a, ao + Kernels.ROWS / 2 * lda, lda, b, bo, c, co + Kernels.ROWS * LANES, k, add);
        } else if (width == 2) {
            product2(a, ao, lda, b, bo, c, co, k, add);
        } else {
            product1(a, ao, lda, b, bo, c, co, k, add);
        }
    }

    /** {@link Kernels#productTransposed}. */
    static void productTransposed(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int width, float[] c, int co, int k) {
        if (width == 2 && FEW_REGISTERS) {
            transposedHalf(a, ao, lda, b, bo, ldb, c, co, k);
            transposedHalf(a, ao + Kernels.ROWS / 2, lda, b, bo, ldb, c, co + Kernels.ROWS * LANES, k);
        } else if (width == 2) {
            transposed2(a, ao, lda, b, bo, ldb, c, co, k);
        } else {
            transposed1(a, ao, lda, b, bo, ldb, c, co, k);
        }
    }

    private static void product2(float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int k, boolean add) {
        int r0 = ao;
        int r1 = r0 + lda;
        int r2 = r1 + lda;
        int r3 = r2 + lda;
        int r4 = r3 + lda;
        int r5 = r4 + lda;
        int r6 = r5 + lda;
        int r7 = r6 + lda;
        FloatVector c00 = add ? load(c, co) : FloatVector.zero(SPECIES);
        FloatVector c01 = add ? load(c, co + 1 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c10 = add ? load(c, co + 2 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c11 = add ? load(c, co + 3 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c20 = add ? load(c, co + 4 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c21 = add ? load(c, co + 5 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c30 = add ? load(c, co + 6 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c31 = add ? load(c, co + 7 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c40 = add ? load(c, co + 8 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c41 = add ? load(c, co + 9 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c50 = add ? load(c, co + 10 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c51 = add ? load(c, co + 11 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c60 = add ? load(c, co + 12 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c61 = add ? load(c, co + 13 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c70 = add ? load(c, co + 14 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c71 = add ? load(c, co + 15 * LANES) : FloatVector.zero(SPECIES);
        for (int p = 0; p < k; p++) {
            FloatVector b0 = load(b, bo + p * 2 * LANES);
            FloatVector b1 = load(b, bo + p * 2 * LANES + LANES);
            FloatVector v;
            v = FloatVector.broadcast(SPECIES, a[r0 + p]);
            c00 = v.fma(b0, c00);
            c01 = v.fma(b1, c01);
            v = FloatVector.broadcast(SPECIES, a[r1 + p]);
            c10 = v.fma(b0, c10);
            c11 = v.fma(b1, c11);
            v = FloatVector.broadcast(SPECIES, a[r2 + p]);
            c20 = v.fma(b0, c20);
            c21 = v.fma(b1, c21);
            v = FloatVector.broadcast(SPECIES, a[r3 + p]);
            c30 = v.fma(b0, c30);
            c31 = v.fma(b1, c31);
            v = FloatVector.broadcast(SPECIES, a[r4 + p]);
            c40 = v.fma(b0, c40);
            c41 = v.fma(b1, c41);
            v = FloatVector.broadcast(SPECIES, a[r5 + p]);
            c50 = v.fma(b0, c50);
            c51 = v.fma(b1, c51);
            v = FloatVector.broadcast(SPECIES, a[r6 + p]);
            c60 = v.fma(b0, c60);
            c61 = v.fma(b1, c61);
            v = FloatVector.broadcast(SPECIES, a[r7 + p]);
            c70 = v.fma(b0, c70);
            c71 = v.fma(b1, c71);
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + 1 * LANES);
        c10.intoArray(c, co + 2 * LANES);
        c11.intoArray(c, co + 3 * LANES);
        c20.intoArray(c, co + 4 * LANES);
        c21.intoArray(c, co + 5 * LANES);
        c30.intoArray(c, co + 6 * LANES);
        c31.intoArray(c, co + 7 * LANES);
        c40.intoArray(c, co + 8 * LANES);
        c41.intoArray(c, co + 9 * LANES);
        c50.intoArray(c, co + 10 * LANES);
        c51.intoArray(c, co + 11 * LANES);
        c60.intoArray(c, co + 12 * LANES);
        c61.intoArray(c, co + 13 * LANES);
        c70.intoArray(c, co + 14 * LANES);
        c71.intoArray(c, co + 15 * LANES);
    }

    private static void product1(float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int k, boolean add) {
        int r0 = ao;
        int r1 = r0 + lda;
        int r2 = r1 + lda;
        int r3 = r2 + lda;
        int r4 = r3 + lda;
        int r5 = r4 + lda;
        int r6 = r5 + lda;
        int r7 = r6 + lda;
        FloatVector c00 = add ? load(c, co) : FloatVector.zero(SPECIES);
        FloatVector c10 = add ? load(c, co + 1 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c20 = add ? load(c, co + 2 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c30 = add ? load(c, co + 3 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c40 = add ? load(c, co + 4 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c50 = add ? load(c, co + 5 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c60 = add ? load(c, co + 6 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c70 = add ? load(c, co + 7 * LANES) : FloatVector.zero(SPECIES);
        for (int p = 0; p < k; p++) {
            FloatVector b0 = load(b, bo + p * LANES);
            FloatVector v;
            v = FloatVector.broadcast(SPECIES, a[r0 + p]);
            c00 = v.fma(b0, c00);
            v = FloatVector.broadcast(SPECIES, a[r1 + p]);
            c10 = v.fma(b0, c10);
            v = FloatVector.broadcast(SPECIES, a[r2 + p]);
            c20 = v.fma(b0, c20);
            v = FloatVector.broadcast(SPECIES, a[r3 + p]);
            c30 = v.fma(b0, c30);
            v = FloatVector.broadcast(SPECIES, a[r4 + p]);
            c40 = v.fma(b0, c40);
            v = FloatVector.broadcast(SPECIES, a[r5 + p]);
            c50 = v.fma(b0, c50);
            v = FloatVector.broadcast(SPECIES, a[r6 + p]);
            c60 = v.fma(b0, c60);
            v = FloatVector.broadcast(SPECIES, a[r7 + p]);
            c70 = v.fma(b0, c70);
        }
        c00.intoArray(c, co);
        c10.intoArray(c, co + 1 * LANES);
        c20.intoArray(c, co + 2 * LANES);
        c30.intoArray(c, co + 3 * LANES);
        c40.intoArray(c, co + 4 * LANES);
        c50.intoArray(c, co + 5 * LANES);
        c60.intoArray(c, co + 6 * LANES);
        c70.intoArray(c, co + 7 * LANES);
    }

    private static void transposed2(float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int k) {
        FloatVector c00 = load(c, co);
        FloatVector c01 = load(c, co + 1 * LANES);
        FloatVector c10 = load(c, co + 2 * LANES);
        FloatVector c11 = load(c, co + 3 * LANES);
        FloatVector c20 = load(c, co + 4 * LANES);
        FloatVector c21 = load(c, co + 5 * LANES);
        FloatVector c30 = load(c, co + 6 * LANES);
        FloatVector c31 = load(c, co + 7 * LANES);
        FloatVector c40 = load(c, co + 8 * LANES);
        FloatVector c41 = load(c, co + 9 * LANES);
        FloatVector c50 = load(c, co + 10 * LANES);
        FloatVector c51 = load(c, co + 11 * LANES);
        FloatVector c60 = load(c, co + 12 * LANES);
        FloatVector c61 = load(c, co + 13 * LANES);
        FloatVector c70 = load(c, co + 14 * LANES);
        FloatVector c71 = load(c, co + 15 * LANES);
        for (int p = 0; p < k; p++) {
            int q = ao + p * lda;
            int bb = bo + p * ldb;
            FloatVector b0 = load(b, bb);
            FloatVector b1 = load(b, bb + LANES);
            FloatVector v;
            v = FloatVector.broadcast(SPECIES, a[q]);
            c00 = v.fma(b0, c00);
            c01 = v.fma(b1, c01);
            v = FloatVector.broadcast(SPECIES, a[q + 1]);
            c10 = v.fma(b0, c10);
            c11 = v.fma(b1, c11);
            v = FloatVector.broadcast(SPECIES, a[q + 2]);
            c20 = v.fma(b0, c20);
            c21 = v.fma(b1, c21);
            v = FloatVector.broadcast(SPECIES, a[q + 3]);
            c30 = v.fma(b0, c30);
            c31 = v.fma(b1, c31);
            v = FloatVector.broadcast(SPECIES, a[q + 4]);
            c40 = v.fma(b0, c40);
            c41 = v.fma(b1, c41);
            v = FloatVector.broadcast(SPECIES, a[q + 5]);
            c50 = v.fma(b0, c50);
            c51 = v.fma(b1, c51);
            v = FloatVector.broadcast(SPECIES, a[q + 6]);
            c60 = v.fma(b0, c60);
            c61 = v.fma(b1, c61);
            v = FloatVector.broadcast(SPECIES, a[q + 7]);
            c70 = v.fma(b0, c70);
            c71 = v.fma(b1, c71);
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + 1 * LANES);
        c10.intoArray(c, co + 2 * LANES);
        c11.intoArray(c, co + 3 * LANES);
        c20.intoArray(c, co + 4 * LANES);
        c21.intoArray(c, co + 5 * LANES);
        c30.intoArray(c, co + 6 * LANES);
        c31.intoArray(c, co + 7 * LANES);
        c40.intoArray(c, co + 8 * LANES);
        c41.intoArray(c, co + 9 * LANES);
        c50.intoArray(c, co + 10 * LANES);
        c51.intoArray(c, co + 11 * LANES);
        c60.intoArray(c, co + 12 * LANES);
        c61.intoArray(c, co + 13 * LANES);
        c70.intoArray(c, co + 14 * LANES);
        c71.intoArray(c, co + 15 * LANES);
    }

    private static void transposed1(float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int k) {
        FloatVector c00 = load(c, co);
        FloatVector c10 = load(c, co + 1 * LANES);
        FloatVector c20 = load(c, co + 2 * LANES);
        FloatVector c30 = load(c, co + 3 * LANES);
        FloatVector c40 = load(c, co + 4 * LANES);
        FloatVector c50 = load(c, co + 5 * LANES);
        FloatVector c60 = load(c, co + 6 * LANES);
        FloatVector c70 = load(c, co + 7 * LANES);
        for (int p = 0; p < k; p++) {
            int q = ao + p * lda;
            int bb = bo + p * ldb;
            FloatVector b0 = load(b, bb);
            FloatVector v;
            v = FloatVector.broadcast(SPECIES, a[q]);
            c00 = v.fma(b0, c00);
            v = FloatVector.broadcast(SPECIES, a[q + 1]);
            c10 = v.fma(b0, c10);
            v = FloatVector.broadcast(SPECIES, a[q + 2]);
            c20 = v.fma(b0, c20);
            v = FloatVector.broadcast(SPECIES, a[q + 3]);
            c30 = v.fma(b0, c30);
            v = FloatVector.broadcast(SPECIES, a[q + 4]);
            c40 = v.fma(b0, c40);
            v = FloatVector.broadcast(SPECIES, a[q + 5]);
            c50 = v.fma(b0, c50);
            v = FloatVector.broadcast(SPECIES, a[q + 6]);
            c60 = v.fma(b0, c60);
            v = FloatVector.broadcast(SPECIES, a[q + 7]);
            c70 = v.fma(b0, c70);
        }
        c00.intoArray(c, co);
        c10.intoArray(c, co + 1 * LANES);
        c20.intoArray(c, co + 2 * LANES);
        c30.intoArray(c, co + 3 * LANES);
        c40.intoArray(c, co + 4 * LANES);
        c50.intoArray(c, co + 5 * LANES);
        c60.intoArray(c, co + 6 * LANES);
        c70.intoArray(c, co + 7 * LANES);
    }

    private static void productHalf(
            float[] a, int ao, int lda, float[] b, int bo, float[] c, int co, int k, boolean add) {
        int r0 = ao;
        int r1 = r0 + lda;
        int r2 = r1 + lda;
        int r3 = r2 + lda;
        FloatVector c00 = add ? load(c, co) : FloatVector.zero(SPECIES);
        FloatVector c01 = add ? load(c, co + 1 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c10 = add ? load(c, co + 2 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c11 = add ? load(c, co + 3 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c20 = add ? load(c, co + 4 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c21 = add ? load(c, co + 5 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c30 = add ? load(c, co + 6 * LANES) : FloatVector.zero(SPECIES);
        FloatVector c31 = add ? load(c, co + 7 * LANES) : FloatVector.zero(SPECIES);
        for (int p = 0; p < k; p++) {
            FloatVector b0 = load(b, bo + p * 2 * LANES);
            FloatVector b1 = load(b, bo + p * 2 * LANES + LANES);
            FloatVector v;
            v = FloatVector.broadcast(SPECIES, a[r0 + p]);
            c00 = v.fma(b0, c00);
            c01 = v.fma(b1, c01);
            v = FloatVector.broadcast(SPECIES, a[r1 + p]);
            c10 = v.fma(b0, c10);
            c11 = v.fma(b1, c11);
            v = FloatVector.broadcast(SPECIES, a[r2 + p]);
            c20 = v.fma(b0, c20);
            c21 = v.fma(b1, c21);
            v = FloatVector.broadcast(SPECIES, a[r3 + p]);
            c30 = v.fma(b0, c30);
            c31 = v.fma(b1, c31);
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + 1 * LANES);
        c10.intoArray(c, co + 2 * LANES);
        c11.intoArray(c, co + 3 * LANES);
        c20.intoArray(c, co + 4 * LANES);
        c21.intoArray(c, co + 5 * LANES);
        c30.intoArray(c, co + 6 * LANES);
        c31.intoArray(c, co + 7 * LANES);
    }

    private static void transposedHalf(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, float[] c, int co, int k) {
        FloatVector c00 = load(c, co);
        FloatVector c01 = load(c, co + 1 * LANES);
        FloatVector c10 = load(c, co + 2 * LANES);
        FloatVector c11 = load(c, co + 3 * LANES);
        FloatVector c20 = load(c, co + 4 * LANES);
        FloatVector c21 = load(c, co + 5 * LANES);
        FloatVector c30 = load(c, co + 6 * LANES);
        FloatVector c31 = load(c, co + 7 * LANES);
        for (int p = 0; p < k; p++) {
            int q = ao + p * lda;
            int bb = bo + p * ldb;
            FloatVector b0 = load(b, bb);
            FloatVector b1 = load(b, bb + LANES);
            FloatVector v;
            v = FloatVector.broadcast(SPECIES, a[q]);
            c00 = v.fma(b0, c00);
            c01 = v.fma(b1, c01);
            v = FloatVector.broadcast(SPECIES, a[q + 1]);
            c10 = v.fma(b0, c10);
            c11 = v.fma(b1, c11);
            v = FloatVector.broadcast(SPECIES, a[q + 2]);
            c20 = v.fma(b0, c20);
            c21 = v.fma(b1, c21);
            v = FloatVector.broadcast(SPECIES, a[q + 3]);
            c30 = v.fma(b0, c30);
            c31 = v.fma(b1, c31);
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + 1 * LANES);
        c10.intoArray(c, co + 2 * LANES);
        c11.intoArray(c, co + 3 * LANES);
        c20.intoArray(c, co + 4 * LANES);
        c21.intoArray(c, co + 5 * LANES);
        c30.intoArray(c, co + 6 * LANES);
        c31.intoArray(c, co + 7 * LANES);
    }
}

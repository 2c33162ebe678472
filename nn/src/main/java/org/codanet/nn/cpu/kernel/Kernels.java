package org.codanet.nn.cpu.kernel;

/**
 * The inner loops of the CPU device, on heap arrays. {@link VectorKernels} is the one that is meant; {@link PlainKernels}
 * computes the same without the Vector API. All extents along lanes are multiples of {@link #lanes}.
 *
 * <p>A <em>tile</em> is {@value #ROWS} rows of {@code width · lanes} floats, contiguous; width is 1 or 2 vectors.
 */
public interface Kernels {
    /** Rows of a tile: with two vectors a row, 16 accumulators, which both hides the latency of a fused multiply-add and
     * leaves registers for the operands. */
    int ROWS = 8;

    /** Floats of a vector. */
    int lanes();

    /** What runs, for {@code doctor}. */
    String description();

    /**
     * {@code c = a · b}, or {@code c += a · b} if {@code add}: 8 rows of a, {@code k} contiguous values each and {@code lda}
     * apart; b is (k, width · lanes); c a tile.
     */
    void product(float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co, int k, boolean add);

    /**
     * {@code c += aᵀ · b}: a is (k, 8) with rows {@code lda} apart, b (k, width · lanes) with rows {@code ldb} apart, c a tile.
     */
    void productTransposed(float[] a, int ao, int lda, float[] b, int bo, int ldb, int width, float[] c, int co, int k);

    /** {@code s[i·lds + 0..lanes) += a[i·lda] · u[i·ldu + 0..lanes)} for {@code rows} rows. */
    void scaleAdd(float[] u, int uo, int ldu, float[] a, int ao, int lda, float[] s, int so, int lds, int rows);

    /** {@code out = factor · a}, one vector. */
    void scale(float factor, float[] a, int ao, float[] out, int oo);

    /**
     * {@code z[pair(ρ, σ)] = a[ρ] a[σ]} for every ρ from {@code from} to below {@code to} and every σ from ρ to below {@code
     * slots}, in row order from {@code zo} on. May read and write up to {@link #lanes} floats past either end.
     */
    void pairProducts(float[] a, int ao, int from, int to, int slots, float[] z, int zo);

    /** {@code c[co + i] += factor · a[ao + i]}; any count. */
    void axpy(float factor, float[] a, int ao, float[] c, int co, int count);

    /** {@code Σ a[ao + i] · b[bo + i]}; any count. */
    float dot(float[] a, int ao, float[] b, int bo, int count);

    /**
     * The output transform of F(2×2, 3×3) with the score's reduction: from 16 tiles of 8 rows, of two vectors each, computes
     * the vectors u of the rows' 4 positions each, for the first or second vector of a row. Adds {@code a[position] · u} to s;
     * stores u to {@code out}. The strides of m are fixed so that the compiler can prove the accesses in bounds.
     *
     * @param m (16, 8, 2 · lanes), from its beginning
     * @param a (32 positions, lda): the factor of position {@code 4·row + sub}; null stores only
     * @param out (32 positions, ldo); null adds only
     */
    void winogradOutput(
            float[] m,
            int vector,
            float[] a,
            int ao,
            int lda,
            float[] s,
            int so,
            int lds,
            float[] out,
            int oo,
            int ldo);

    /**
     * The adjoint of {@link #winogradOutput} for one row and one vector: from {@code t_sub = factor[sub] · g[sub]} at the 4
     * positions to 16 frequencies, stored {@code ldf} apart.
     */
    void winogradExpand(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf);

    /**
     * The input transform of one 4×4 window of an image whose rows are {@code ldr} and whose pixels are {@code ldp} floats
     * apart, to 16 frequencies {@code ldf} apart.
     */
    void winogradInput(float[] image, int at, int ldr, int ldp, float[] out, int oo, int ldf, int channels);

    /** The adjoint of {@link #winogradInput}: 16 frequencies {@code ldf} apart, destroyed; added to the window. */
    void winogradInputAdjoint(float[] in, int io, int ldf, float[] image, int at, int ldr, int ldp, int channels);

    /** The weight transform of one vector: 9 taps {@code ldt} apart to 16 frequencies {@code ldf} apart. */
    void winogradWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf);

    /** The adjoint of {@link #winogradWeight}: 16 frequencies {@code ldf} apart, destroyed, to 9 taps
     * {@code ldt} apart, overwritten. */
    void winogradWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt);

    /**
     * {@code out[q·ldo + ..] += Σ_j g[q·ldg + j] · w[j·ldw + ..]} for {@code classes} rows q and {@code width} vectors, j below
     * {@code units}.
     */
    void applyClasses(
            float[] g,
            int go,
            int ldg,
            float[] w,
            int wo,
            int ldw,
            int width,
            float[] out,
            int oo,
            int ldo,
            int classes,
            int units);

    /** {@code out[i·ldo] += Σ_lane u[i·ldu + lane] · g[i·ldg + lane]} for {@code rows} rows. */
    void laneSums(float[] u, int uo, int ldu, float[] g, int go, int ldg, float[] out, int oo, int ldo, int rows);

    /**
     * Gram matrices of one vector of units at once: b is ({@code rows}, {@code slots}, lanes), contiguous; adds
     * {@code Σ_i b[i][ρ] b[i][σ]} to out for every ρ ≤ σ, pairs in row order and {@code ldo} apart.
     */
    void laneGram(float[] b, int bo, int rows, int slots, float[] out, int oo, int ldo);

    /** {@code out[i][ρ] = Σ_σ b[i][σ] m[σ][ρ]}, lane by lane; b and out (rows, slots, lanes), m (slots, slots, lanes). */
    void laneProduct(float[] b, int bo, float[] m, int mo, float[] out, int oo, int rows, int slots);

    /** Adam's update of the first {@code count} values. */
    void adam(float[] value, float[] gradient, float[] mean, float[] variance, int count, AdamFactors factors);
}

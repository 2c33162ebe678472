package org.codanet.nn.cpu.kernel;

/**
 * The inner loops of the CPU device, on heap arrays. {@link VectorKernels} is the normal implementation; {@link PlainKernels} computes
 * the same without the Vector API. All extents along lanes are multiples of {@link #lanes}.
 *
 * <p>A <em>tile</em> is {@value #ROWS} contiguous rows of {@code width · lanes} floats; the width is 1 or 2 vectors.
 *
 * <p>An array argument is followed by the offset of its first element, {@code ao} for {@code a}, and by the distance of its rows in
 * floats, {@code lda} (leading dimension), as in BLAS.
 */
public interface Kernels {
    /**
     * Rows of a tile. With two vectors per row a tile has 16 accumulators. This is enough to hide the latency of a fused multiply-add,
     * and leaves registers for the operands.
     */
    int ROWS = 8;

    /** Floats of a vector. */
    int lanes();

    /** Name of the implementation, for {@code doctor}. */
    String description();

    /**
     * {@code c = a · b}, or {@code c += a · b} if {@code add}. a is (8, k) with rows {@code lda} apart, b is (k, width · lanes), c is a
     * tile.
     */
    void product(float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co, int k, boolean add);

    /**
     * {@code c += aᵀ · b}. a is (k, 8) with rows {@code lda} apart, b is (k, width · lanes) with rows {@code ldb} apart, c is a tile.
     */
    void productTransposed(float[] a, int ao, int lda, float[] b, int bo, int ldb, int width, float[] c, int co, int k);

    /** {@code s[i·lds + 0..lanes) += a[i·lda] · u[i·ldu + 0..lanes)} for {@code rows} rows. */
    void scaleAdd(float[] u, int uo, int ldu, float[] a, int ao, int lda, float[] s, int so, int lds, int rows);

    /** {@code out = factor · a}, one vector. */
    void scale(float factor, float[] a, int ao, float[] out, int oo);

    /**
     * {@code z[pair(ρ, σ)] = a[ρ] a[σ]} for {@code from ≤ ρ < to} and {@code ρ ≤ σ < slots}, in row order, starting at {@code zo}. May
     * read and write up to {@link #lanes} floats past the end of {@code a} and {@code z}.
     */
    void pairProducts(float[] a, int ao, int from, int to, int slots, float[] z, int zo);

    /** {@code c[co + i] += factor · a[ao + i]}. The count need not be a multiple of {@link #lanes}. */
    void axpy(float factor, float[] a, int ao, float[] c, int co, int count);

    /** {@code Σ a[ao + i] · b[bo + i]}. The count need not be a multiple of {@link #lanes}. */
    float dot(float[] a, int ao, float[] b, int bo, int count);

    /**
     * The output transform of F(2×2, 3×3), for one vector of 16 tiles of 8 rows: a vector u for each of the 4 positions of each row.
     * Without factors it stores u to {@code out}. With factors it adds {@code a[position] · u} to {@code out}, the reduction to the
     * score. The strides of m are fixed so that the JIT compiler can prove that the accesses are in bounds.
     *
     * @param m (16, 8, 2 · lanes), without an offset
     * @param vector the first (0) or the second (1) vector of the rows of m
     * @param a (32 positions, lda), the factor of position {@code 4·row + sub}; null without factors
     * @param out (32 positions, ldo)
     */
    void winogradOutput(float[] m, int vector, float[] a, int ao, int lda, float[] out, int oo, int ldo);

    /**
     * The adjoint of {@link #winogradOutput} for one row and one vector: from {@code a[sub] · g[sub]} at the 4 positions to 16
     * frequencies, stored {@code ldf} apart. Null for {@code a} means factors of 1.
     */
    void winogradExpand(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf);

    /**
     * The input transform of one 4×4 window of an image to 16 frequencies, {@code ldf} apart. The rows of the image are {@code ldr}
     * floats apart, its pixels {@code ldp}.
     */
    void winogradInput(float[] image, int at, int ldr, int ldp, float[] out, int oo, int ldf, int channels);

    /** The adjoint of {@link #winogradInput}: adds to the window. Destroys the frequencies in {@code in}. */
    void winogradInputAdjoint(float[] in, int io, int ldf, float[] image, int at, int ldr, int ldp, int channels);

    /** The weight transform of one vector: from 9 taps, {@code ldt} apart, to 16 frequencies, {@code ldf} apart. */
    void winogradWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf);

    /** The adjoint of {@link #winogradWeight}: overwrites the taps. Destroys the frequencies in {@code in}. */
    void winogradWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt);

    /**
     * Applies dynamic weights to the output gradients of several targets: {@code out[t] += Σ_j g[t][j] · w[j]}, where each w[j] and
     * out[t] is a row of {@code width} vectors.
     */
    void applyWeights(float[] g, int go, float[] w, int wo, float[] out, int oo, TargetExtents extents);

    /** {@code out[i·ldo] += Σ_lane u[i·ldu + lane] · g[i·ldg + lane]} for {@code rows} rows. */
    void laneSums(float[] u, int uo, int ldu, float[] g, int go, int ldg, float[] out, int oo, int ldo, int rows);

    /**
     * Gram matrices of one vector of units: adds {@code Σ_i b[i][ρ] b[i][σ]} to out for all ρ ≤ σ, pairs in row order and {@code ldo}
     * apart. b is ({@code rows}, {@code slots}, lanes), contiguous.
     */
    void laneGram(float[] b, int bo, int rows, int slots, float[] out, int oo, int ldo);

    /** {@code out[i][ρ] = Σ_σ b[i][σ] m[σ][ρ]} in every lane. b and out are (rows, slots, lanes), m is (slots, slots, lanes). */
    void laneProduct(float[] b, int bo, float[] m, int mo, float[] out, int oo, int rows, int slots);

    /** Adam's update of the first {@code count} values. */
    void adam(float[] value, float[] gradient, float[] mean, float[] variance, int count, AdamFactors factors);
}

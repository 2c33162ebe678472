package org.codanet.nn.cpu.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels on the Vector API, with the widest vectors of this processor. Only this class and {@link VectorTiles} use {@code
 * jdk.incubator.vector}.
 *
 * <p>Source of the Winograd transforms F(2×2, 3×3): Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016,
 * section 4.1.
 */
final class VectorKernels implements Kernels {
    private static final VectorSpecies<Float> SPECIES = VectorTiles.SPECIES;
    private static final int LANES = VectorTiles.LANES;

    /** Swaps every lane with the lane at a distance of 1. The next constants do the same for other distances. */
    private static final VectorShuffle<Float> SWAP_1 = swap(1);

    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_8 = swap(8);

    VectorKernels() {}

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public String description() {
        return "Vector API, " + SPECIES.vectorBitSize() + " bits";
    }

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(SPECIES, lane -> (lane ^ distance) % LANES);
    }

    /**
     * The sum of all lanes, by repeated halving. {@link FloatVector#reduceLanes} is not used: it does not specify the order of the
     * additions, and the order changes when the JIT compiler compiles the calling method. The same training run could then give
     * different bits each time.
     */
    private static float total(FloatVector v) {
        if (LANES > 16) {
            float sum = 0;
            for (float lane : v.toArray()) {
                sum += lane;
            }
            return sum;
        }
        FloatVector sum = v;
        if (LANES > 8) {
            sum = sum.add(sum.rearrange(SWAP_8));
        }
        if (LANES > 4) {
            sum = sum.add(sum.rearrange(SWAP_4));
        }
        sum = sum.add(sum.rearrange(SWAP_2));
        return sum.add(sum.rearrange(SWAP_1)).lane(0);
    }

    private static FloatVector load(float[] a, int offset) {
        return FloatVector.fromArray(SPECIES, a, offset);
    }

    @Override
    public void product(
            float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co, int k, boolean add) {
        VectorTiles.product(a, ao, lda, b, bo, width, c, co, k, add);
    }

    @Override
    public void productTransposed(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int width, float[] c, int co, int k) {
        VectorTiles.productTransposed(a, ao, lda, b, bo, ldb, width, c, co, k);
    }

    @Override
    public void scaleAdd(float[] u, int uo, int ldu, float[] a, int ao, int lda, float[] s, int so, int lds, int rows) {
        for (int i = 0; i < rows; i++) {
            FloatVector factor = FloatVector.broadcast(SPECIES, a[ao + i * lda]);
            factor.fma(load(u, uo + i * ldu), load(s, so + i * lds)).intoArray(s, so + i * lds);
        }
    }

    @Override
    public void scale(float factor, float[] a, int ao, float[] out, int oo) {
        load(a, ao).mul(factor).intoArray(out, oo);
    }

    @Override
    public void pairProducts(float[] a, int ao, int from, int to, int slots, float[] z, int zo) {
        int pair = zo;
        for (int slot = from; slot < to; slot++) {
            FloatVector factor = FloatVector.broadcast(SPECIES, a[ao + slot]);
            int count = slots - slot;
            // The next row overwrites the values that are written past the end of this one.
            for (int i = 0; i < count; i += LANES) {
                load(a, ao + slot + i).mul(factor).intoArray(z, pair + i);
            }
            pair += count;
        }
    }

    @Override
    public void axpy(float factor, float[] a, int ao, float[] c, int co, int count) {
        FloatVector f = FloatVector.broadcast(SPECIES, factor);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            f.fma(load(a, ao + i), load(c, co + i)).intoArray(c, co + i);
        }
        for (; i < count; i++) {
            c[co + i] = Math.fma(factor, a[ao + i], c[co + i]);
        }
    }

    @Override
    public float dot(float[] a, int ao, float[] b, int bo, int count) {
        FloatVector sum = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            sum = load(a, ao + i).fma(load(b, bo + i), sum);
        }
        float rest = 0;
        for (; i < count; i++) {
            rest = Math.fma(a[ao + i], b[bo + i], rest);
        }
        return total(sum) + rest;
    }

    @Override
    public void winogradOutput(float[] m, int vector, float[] a, int ao, int lda, float[] out, int oo, int ldo) {
        final int ldm = 2 * LANES;
        final int ldf = ROWS * ldm;
        int first = vector * LANES;
        for (int row = 0; row < ROWS; row++) {
            int at = first + row * ldm;
            // Transform along the columns first: 4 rows of frequencies give 2 rows of positions.
            FloatVector m0 = load(m, at);
            FloatVector m1 = load(m, at + 4 * ldf);
            FloatVector m2 = load(m, at + 8 * ldf);
            FloatVector p00 = m0.add(m1).add(m2);
            FloatVector p10 = m1.sub(m2).sub(load(m, at + 12 * ldf));
            m0 = load(m, at + ldf);
            m1 = load(m, at + 5 * ldf);
            m2 = load(m, at + 9 * ldf);
            FloatVector p01 = m0.add(m1).add(m2);
            FloatVector p11 = m1.sub(m2).sub(load(m, at + 13 * ldf));
            m0 = load(m, at + 2 * ldf);
            m1 = load(m, at + 6 * ldf);
            m2 = load(m, at + 10 * ldf);
            FloatVector p02 = m0.add(m1).add(m2);
            FloatVector p12 = m1.sub(m2).sub(load(m, at + 14 * ldf));
            m0 = load(m, at + 3 * ldf);
            m1 = load(m, at + 7 * ldf);
            m2 = load(m, at + 11 * ldf);
            FloatVector p03 = m0.add(m1).add(m2);
            FloatVector p13 = m1.sub(m2).sub(load(m, at + 15 * ldf));
            FloatVector u0 = p00.add(p01).add(p02);
            FloatVector u1 = p01.sub(p02).sub(p03);
            FloatVector u2 = p10.add(p11).add(p12);
            FloatVector u3 = p11.sub(p12).sub(p13);
            int to = oo + 4 * row * ldo;
            if (a != null) {
                int factor = ao + 4 * row * lda;
                FloatVector.broadcast(SPECIES, a[factor]).fma(u0, load(out, to)).intoArray(out, to);
                FloatVector.broadcast(SPECIES, a[factor + lda])
                        .fma(u1, load(out, to + ldo))
                        .intoArray(out, to + ldo);
                FloatVector.broadcast(SPECIES, a[factor + 2 * lda])
                        .fma(u2, load(out, to + 2 * ldo))
                        .intoArray(out, to + 2 * ldo);
                FloatVector.broadcast(SPECIES, a[factor + 3 * lda])
                        .fma(u3, load(out, to + 3 * ldo))
                        .intoArray(out, to + 3 * ldo);
            } else {
                u0.intoArray(out, to);
                u1.intoArray(out, to + ldo);
                u2.intoArray(out, to + 2 * ldo);
                u3.intoArray(out, to + 3 * ldo);
            }
        }
    }

    @Override
    public void winogradExpand(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf) {
        FloatVector t0 = load(g, go);
        FloatVector t1 = load(g, go + ldg);
        FloatVector t2 = load(g, go + 2 * ldg);
        FloatVector t3 = load(g, go + 3 * ldg);
        if (a != null) {
            t0 = t0.mul(a[ao]);
            t1 = t1.mul(a[ao + lda]);
            t2 = t2.mul(a[ao + 2 * lda]);
            t3 = t3.mul(a[ao + 3 * lda]);
        }
        expandRow(t0, t1, out, oo, ldf);
        expandRow(t0.add(t2), t1.add(t3), out, oo + 4 * ldf, ldf);
        expandRow(t0.sub(t2), t1.sub(t3), out, oo + 8 * ldf, ldf);
        expandRow(t2.neg(), t3.neg(), out, oo + 12 * ldf, ldf);
    }

    private static void expandRow(FloatVector x, FloatVector y, float[] out, int oo, int ldf) {
        x.intoArray(out, oo);
        x.add(y).intoArray(out, oo + ldf);
        x.sub(y).intoArray(out, oo + 2 * ldf);
        y.neg().intoArray(out, oo + 3 * ldf);
    }

    @Override
    public void winogradInput(float[] image, int at, int ldr, int ldp, float[] out, int oo, int ldf, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            for (int column = 0; column < 4; column++) {
                int from = at + column * ldp + c;
                int to = oo + column * ldf + c;
                FloatVector d0 = load(image, from);
                FloatVector d1 = load(image, from + ldr);
                FloatVector d2 = load(image, from + 2 * ldr);
                FloatVector d3 = load(image, from + 3 * ldr);
                d0.sub(d2).intoArray(out, to);
                d1.add(d2).intoArray(out, to + 4 * ldf);
                d2.sub(d1).intoArray(out, to + 8 * ldf);
                d1.sub(d3).intoArray(out, to + 12 * ldf);
            }
            for (int row = 0; row < 4; row++) {
                int to = oo + 4 * row * ldf + c;
                FloatVector d0 = load(out, to);
                FloatVector d1 = load(out, to + ldf);
                FloatVector d2 = load(out, to + 2 * ldf);
                FloatVector d3 = load(out, to + 3 * ldf);
                d0.sub(d2).intoArray(out, to);
                d1.add(d2).intoArray(out, to + ldf);
                d2.sub(d1).intoArray(out, to + 2 * ldf);
                d1.sub(d3).intoArray(out, to + 3 * ldf);
            }
        }
    }

    @Override
    public void winogradInputAdjoint(
            float[] in, int io, int ldf, float[] image, int at, int ldr, int ldp, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            for (int row = 0; row < 4; row++) {
                int from = io + 4 * row * ldf + c;
                FloatVector v0 = load(in, from);
                FloatVector v1 = load(in, from + ldf);
                FloatVector v2 = load(in, from + 2 * ldf);
                FloatVector v3 = load(in, from + 3 * ldf);
                v1.sub(v2).add(v3).intoArray(in, from + ldf);
                v1.add(v2).sub(v0).intoArray(in, from + 2 * ldf);
                v3.neg().intoArray(in, from + 3 * ldf);
            }
            for (int column = 0; column < 4; column++) {
                int from = io + column * ldf + c;
                FloatVector v0 = load(in, from);
                FloatVector v1 = load(in, from + 4 * ldf);
                FloatVector v2 = load(in, from + 8 * ldf);
                FloatVector v3 = load(in, from + 12 * ldf);
                int to = at + column * ldp + c;
                v0.add(load(image, to)).intoArray(image, to);
                v1.sub(v2).add(v3).add(load(image, to + ldr)).intoArray(image, to + ldr);
                v1.add(v2).sub(v0).add(load(image, to + 2 * ldr)).intoArray(image, to + 2 * ldr);
                load(image, to + 3 * ldr).sub(v3).intoArray(image, to + 3 * ldr);
            }
        }
    }

    @Override
    public void winogradWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf) {
        for (int column = 0; column < 3; column++) {
            FloatVector g0 = load(taps, to + column * ldt);
            FloatVector g1 = load(taps, to + (3 + column) * ldt);
            FloatVector g2 = load(taps, to + (6 + column) * ldt);
            FloatVector outer = g0.add(g2);
            int at = oo + column * ldf;
            g0.intoArray(out, at);
            outer.add(g1).mul(0.5f).intoArray(out, at + 4 * ldf);
            outer.sub(g1).mul(0.5f).intoArray(out, at + 8 * ldf);
            g2.intoArray(out, at + 12 * ldf);
        }
        for (int row = 0; row < 4; row++) {
            int at = oo + 4 * row * ldf;
            FloatVector g1 = load(out, at + ldf);
            FloatVector g2 = load(out, at + 2 * ldf);
            FloatVector outer = load(out, at).add(g2);
            outer.add(g1).mul(0.5f).intoArray(out, at + ldf);
            outer.sub(g1).mul(0.5f).intoArray(out, at + 2 * ldf);
            g2.intoArray(out, at + 3 * ldf);
        }
    }

    @Override
    public void winogradWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt) {
        for (int column = 0; column < 4; column++) {
            int at = io + column * ldf;
            FloatVector v1 = load(in, at + 4 * ldf);
            FloatVector v2 = load(in, at + 8 * ldf);
            FloatVector even = v1.add(v2).mul(0.5f);
            load(in, at).add(even).intoArray(in, at);
            v1.sub(v2).mul(0.5f).intoArray(in, at + 4 * ldf);
            load(in, at + 12 * ldf).add(even).intoArray(in, at + 8 * ldf);
        }
        for (int row = 0; row < 3; row++) {
            int from = io + 4 * row * ldf;
            FloatVector v1 = load(in, from + ldf);
            FloatVector v2 = load(in, from + 2 * ldf);
            FloatVector even = v1.add(v2).mul(0.5f);
            int at = to + 3 * row * ldt;
            load(in, from).add(even).intoArray(taps, at);
            v1.sub(v2).mul(0.5f).intoArray(taps, at + ldt);
            load(in, from + 3 * ldf).add(even).intoArray(taps, at + 2 * ldt);
        }
    }

    @Override
    public void applyWeights(float[] g, int go, float[] w, int wo, float[] out, int oo, TargetExtents extents) {
        int targets = extents.targets();
        int units = extents.units();
        int width = extents.width();
        int ldg = extents.gradientStride();
        int ldw = extents.weightStride();
        int ldo = extents.outputStride();
        int t = 0;
        for (; t + 5 <= targets; t += 5) {
            for (int v = 0; v < width; v++) {
                applyFive(g, go + t * ldg, ldg, w, wo + v * LANES, ldw, out, oo + t * ldo + v * LANES, ldo, units);
            }
        }
        for (; t < targets; t++) {
            for (int v = 0; v < width; v++) {
                int at = oo + t * ldo + v * LANES;
                FloatVector sum = load(out, at);
                for (int j = 0; j < units; j++) {
                    sum = FloatVector.broadcast(SPECIES, g[go + t * ldg + j])
                            .fma(load(w, wo + j * ldw + v * LANES), sum);
                }
                sum.intoArray(out, at);
            }
        }
    }

    /** Processes five targets at once, so that each weight is loaded once for all five. */
    private static void applyFive(
            float[] g, int go, int ldg, float[] w, int wo, int ldw, float[] out, int oo, int ldo, int units) {
        FloatVector s0 = load(out, oo);
        FloatVector s1 = load(out, oo + ldo);
        FloatVector s2 = load(out, oo + 2 * ldo);
        FloatVector s3 = load(out, oo + 3 * ldo);
        FloatVector s4 = load(out, oo + 4 * ldo);
        int g1 = go + ldg;
        int g2 = g1 + ldg;
        int g3 = g2 + ldg;
        int g4 = g3 + ldg;
        for (int j = 0; j < units; j++) {
            FloatVector weight = load(w, wo + j * ldw);
            s0 = FloatVector.broadcast(SPECIES, g[go + j]).fma(weight, s0);
            s1 = FloatVector.broadcast(SPECIES, g[g1 + j]).fma(weight, s1);
            s2 = FloatVector.broadcast(SPECIES, g[g2 + j]).fma(weight, s2);
            s3 = FloatVector.broadcast(SPECIES, g[g3 + j]).fma(weight, s3);
            s4 = FloatVector.broadcast(SPECIES, g[g4 + j]).fma(weight, s4);
        }
        s0.intoArray(out, oo);
        s1.intoArray(out, oo + ldo);
        s2.intoArray(out, oo + 2 * ldo);
        s3.intoArray(out, oo + 3 * ldo);
        s4.intoArray(out, oo + 4 * ldo);
    }

    @Override
    public void laneSums(
            float[] u, int uo, int ldu, float[] g, int go, int ldg, float[] out, int oo, int ldo, int rows) {
        for (int i = 0; i < rows; i++) {
            out[oo + i * ldo] += total(load(u, uo + i * ldu).mul(load(g, go + i * ldg)));
        }
    }

    @Override
    public void laneGram(float[] b, int bo, int rows, int slots, float[] out, int oo, int ldo) {
        int row = slots * LANES;
        int pair = oo;
        for (int r = 0; r < slots; r++) {
            int s = r;
            for (; s + 4 <= slots; s += 4) {
                FloatVector c0 = load(out, pair);
                FloatVector c1 = load(out, pair + ldo);
                FloatVector c2 = load(out, pair + 2 * ldo);
                FloatVector c3 = load(out, pair + 3 * ldo);
                for (int i = 0; i < rows; i++) {
                    int at = bo + i * row;
                    FloatVector x = load(b, at + r * LANES);
                    c0 = x.fma(load(b, at + s * LANES), c0);
                    c1 = x.fma(load(b, at + (s + 1) * LANES), c1);
                    c2 = x.fma(load(b, at + (s + 2) * LANES), c2);
                    c3 = x.fma(load(b, at + (s + 3) * LANES), c3);
                }
                c0.intoArray(out, pair);
                c1.intoArray(out, pair + ldo);
                c2.intoArray(out, pair + 2 * ldo);
                c3.intoArray(out, pair + 3 * ldo);
                pair += 4 * ldo;
            }
            for (; s < slots; s++) {
                FloatVector c = load(out, pair);
                for (int i = 0; i < rows; i++) {
                    int at = bo + i * row;
                    c = load(b, at + r * LANES).fma(load(b, at + s * LANES), c);
                }
                c.intoArray(out, pair);
                pair += ldo;
            }
        }
    }

    @Override
    public void laneProduct(float[] b, int bo, float[] m, int mo, float[] out, int oo, int rows, int slots) {
        int row = slots * LANES;
        int i = 0;
        for (; i + 4 <= rows; i += 4) {
            for (int r = 0; r < slots; r++) {
                FloatVector c0 = FloatVector.zero(SPECIES);
                FloatVector c1 = c0;
                FloatVector c2 = c0;
                FloatVector c3 = c0;
                int at = bo + i * row;
                for (int s = 0; s < slots; s++) {
                    FloatVector x = load(m, mo + s * row + r * LANES);
                    c0 = x.fma(load(b, at + s * LANES), c0);
                    c1 = x.fma(load(b, at + row + s * LANES), c1);
                    c2 = x.fma(load(b, at + 2 * row + s * LANES), c2);
                    c3 = x.fma(load(b, at + 3 * row + s * LANES), c3);
                }
                int to = oo + i * row + r * LANES;
                c0.intoArray(out, to);
                c1.intoArray(out, to + row);
                c2.intoArray(out, to + 2 * row);
                c3.intoArray(out, to + 3 * row);
            }
        }
        for (; i < rows; i++) {
            for (int r = 0; r < slots; r++) {
                FloatVector c = FloatVector.zero(SPECIES);
                for (int s = 0; s < slots; s++) {
                    c = load(m, mo + s * row + r * LANES).fma(load(b, bo + i * row + s * LANES), c);
                }
                c.intoArray(out, oo + i * row + r * LANES);
            }
        }
    }

    @Override
    public void adam(float[] value, float[] gradient, float[] mean, float[] variance, int count, AdamFactors f) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector x = load(value, i);
            FloatVector g = load(gradient, i).mul(f.gradientScale()).add(x.mul(f.decay()));
            FloatVector m = load(mean, i).mul(f.beta1()).add(g.mul(f.gain1()));
            FloatVector v = load(variance, i).mul(f.beta2()).add(g.mul(g).mul(f.gain2()));
            m.intoArray(mean, i);
            v.intoArray(variance, i);
            x.sub(m.mul(f.rate()).div(v.sqrt().mul(f.correction()).add(f.epsilon())))
                    .intoArray(value, i);
        }
        PlainKernels.adamRange(value, gradient, mean, variance, i, count, f);
    }
}

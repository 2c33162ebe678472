package org.codanet.nn.cpu.kernel;

/**
 * The kernels without the Vector API, for a JVM that was started without it. Its results agree with those of the Vector API up to
 * rounding. The JIT compiler vectorises the simple loops by itself.
 */
public final class PlainKernels implements Kernels {
    private static final int LANES = 8;

    public PlainKernels() {}

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public String description() {
        return "plain loops";
    }

    @Override
    public void product(
            float[] a, int ao, int lda, float[] b, int bo, int width, float[] c, int co, int k, boolean add) {
        int n = width * LANES;
        for (int i = 0; i < ROWS; i++) {
            int row = co + i * n;
            if (!add) {
                java.util.Arrays.fill(c, row, row + n, 0);
            }
            for (int p = 0; p < k; p++) {
                axpy(a[ao + i * lda + p], b, bo + p * n, c, row, n);
            }
        }
    }

    @Override
    public void productTransposed(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int width, float[] c, int co, int k) {
        int n = width * LANES;
        for (int p = 0; p < k; p++) {
            for (int i = 0; i < ROWS; i++) {
                axpy(a[ao + p * lda + i], b, bo + p * ldb, c, co + i * n, n);
            }
        }
    }

    @Override
    public void scaleAdd(float[] u, int uo, int ldu, float[] a, int ao, int lda, float[] s, int so, int lds, int rows) {
        for (int i = 0; i < rows; i++) {
            axpy(a[ao + i * lda], u, uo + i * ldu, s, so + i * lds, LANES);
        }
    }

    @Override
    public void scale(float factor, float[] a, int ao, float[] out, int oo) {
        for (int i = 0; i < LANES; i++) {
            out[oo + i] = factor * a[ao + i];
        }
    }

    @Override
    public void pairProducts(float[] a, int ao, int from, int to, int slots, float[] z, int zo) {
        int pair = zo;
        for (int slot = from; slot < to; slot++) {
            for (int other = slot; other < slots; other++) {
                z[pair++] = a[ao + slot] * a[ao + other];
            }
        }
    }

    @Override
    public void axpy(float factor, float[] a, int ao, float[] c, int co, int count) {
        for (int i = 0; i < count; i++) {
            c[co + i] += factor * a[ao + i];
        }
    }

    @Override
    public float dot(float[] a, int ao, float[] b, int bo, int count) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            sum += a[ao + i] * b[bo + i];
        }
        return sum;
    }

    @Override
    public void winogradOutput(float[] m, int vector, float[] a, int ao, int lda, float[] out, int oo, int ldo) {
        float[] half = new float[8];
        int ldf = ROWS * 2 * LANES;
        for (int row = 0; row < ROWS; row++) {
            for (int lane = 0; lane < LANES; lane++) {
                int at = (2 * row + vector) * LANES + lane;
                for (int x = 0; x < 4; x++) {
                    float m0 = m[at + x * ldf];
                    float m1 = m[at + (4 + x) * ldf];
                    float m2 = m[at + (8 + x) * ldf];
                    half[x] = m0 + m1 + m2;
                    half[4 + x] = m1 - m2 - m[at + (12 + x) * ldf];
                }
                for (int sub = 0; sub < 4; sub++) {
                    int h = 4 * (sub >> 1);
                    float u = (sub & 1) == 0
                            ? half[h] + half[h + 1] + half[h + 2]
                            : half[h + 1] - half[h + 2] - half[h + 3];
                    int position = 4 * row + sub;
                    int to = oo + position * ldo + lane;
                    if (a == null) {
                        out[to] = u;
                    } else {
                        out[to] += a[ao + position * lda] * u;
                    }
                }
            }
        }
    }

    @Override
    public void winogradExpand(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf) {
        for (int lane = 0; lane < LANES; lane++) {
            float t0 = g[go + lane] * (a == null ? 1 : a[ao]);
            float t1 = g[go + ldg + lane] * (a == null ? 1 : a[ao + lda]);
            float t2 = g[go + 2 * ldg + lane] * (a == null ? 1 : a[ao + 2 * lda]);
            float t3 = g[go + 3 * ldg + lane] * (a == null ? 1 : a[ao + 3 * lda]);
            expandRow(t0, t1, out, oo + lane, ldf);
            expandRow(t0 + t2, t1 + t3, out, oo + 4 * ldf + lane, ldf);
            expandRow(t0 - t2, t1 - t3, out, oo + 8 * ldf + lane, ldf);
            expandRow(-t2, -t3, out, oo + 12 * ldf + lane, ldf);
        }
    }

    private static void expandRow(float x, float y, float[] out, int oo, int ldf) {
        out[oo] = x;
        out[oo + ldf] = x + y;
        out[oo + 2 * ldf] = x - y;
        out[oo + 3 * ldf] = -y;
    }

    @Override
    public void winogradInput(float[] image, int at, int ldr, int ldp, float[] out, int oo, int ldf, int channels) {
        for (int c = 0; c < channels; c++) {
            for (int column = 0; column < 4; column++) {
                int from = at + column * ldp + c;
                int to = oo + column * ldf + c;
                float d0 = image[from];
                float d1 = image[from + ldr];
                float d2 = image[from + 2 * ldr];
                float d3 = image[from + 3 * ldr];
                out[to] = d0 - d2;
                out[to + 4 * ldf] = d1 + d2;
                out[to + 8 * ldf] = d2 - d1;
                out[to + 12 * ldf] = d1 - d3;
            }
            for (int row = 0; row < 4; row++) {
                int to = oo + 4 * row * ldf + c;
                float d0 = out[to];
                float d1 = out[to + ldf];
                float d2 = out[to + 2 * ldf];
                float d3 = out[to + 3 * ldf];
                out[to] = d0 - d2;
                out[to + ldf] = d1 + d2;
                out[to + 2 * ldf] = d2 - d1;
                out[to + 3 * ldf] = d1 - d3;
            }
        }
    }

    @Override
    public void winogradInputAdjoint(
            float[] in, int io, int ldf, float[] image, int at, int ldr, int ldp, int channels) {
        for (int c = 0; c < channels; c++) {
            for (int row = 0; row < 4; row++) {
                int from = io + 4 * row * ldf + c;
                float v0 = in[from];
                float v1 = in[from + ldf];
                float v2 = in[from + 2 * ldf];
                in[from + ldf] = v1 - v2 + in[from + 3 * ldf];
                in[from + 2 * ldf] = v1 + v2 - v0;
                in[from + 3 * ldf] = -in[from + 3 * ldf];
            }
            for (int column = 0; column < 4; column++) {
                int from = io + column * ldf + c;
                float v0 = in[from];
                float v1 = in[from + 4 * ldf];
                float v2 = in[from + 8 * ldf];
                float v3 = in[from + 12 * ldf];
                int to = at + column * ldp + c;
                image[to] += v0;
                image[to + ldr] += v1 - v2 + v3;
                image[to + 2 * ldr] += v1 + v2 - v0;
                image[to + 3 * ldr] -= v3;
            }
        }
    }

    @Override
    public void winogradWeight(float[] taps, int to, int ldt, float[] out, int oo, int ldf) {
        for (int lane = 0; lane < LANES; lane++) {
            for (int column = 0; column < 3; column++) {
                float g0 = taps[to + column * ldt + lane];
                float g1 = taps[to + (3 + column) * ldt + lane];
                float g2 = taps[to + (6 + column) * ldt + lane];
                int at = oo + column * ldf + lane;
                out[at] = g0;
                out[at + 4 * ldf] = (g0 + g2 + g1) * 0.5f;
                out[at + 8 * ldf] = (g0 + g2 - g1) * 0.5f;
                out[at + 12 * ldf] = g2;
            }
            for (int row = 0; row < 4; row++) {
                int at = oo + 4 * row * ldf + lane;
                float g1 = out[at + ldf];
                float g2 = out[at + 2 * ldf];
                float outer = out[at] + g2;
                out[at + ldf] = (outer + g1) * 0.5f;
                out[at + 2 * ldf] = (outer - g1) * 0.5f;
                out[at + 3 * ldf] = g2;
            }
        }
    }

    @Override
    public void winogradWeightAdjoint(float[] in, int io, int ldf, float[] taps, int to, int ldt) {
        for (int lane = 0; lane < LANES; lane++) {
            for (int column = 0; column < 4; column++) {
                int at = io + column * ldf + lane;
                float v1 = in[at + 4 * ldf];
                float v2 = in[at + 8 * ldf];
                float even = (v1 + v2) * 0.5f;
                in[at] += even;
                in[at + 4 * ldf] = (v1 - v2) * 0.5f;
                in[at + 8 * ldf] = in[at + 12 * ldf] + even;
            }
            for (int row = 0; row < 3; row++) {
                int from = io + 4 * row * ldf + lane;
                float v1 = in[from + ldf];
                float v2 = in[from + 2 * ldf];
                float even = (v1 + v2) * 0.5f;
                int at = to + 3 * row * ldt + lane;
                taps[at] = in[from] + even;
                taps[at + ldt] = (v1 - v2) * 0.5f;
                taps[at + 2 * ldt] = in[from + 3 * ldf] + even;
            }
        }
    }

    @Override
    public void applyWeights(float[] g, int go, float[] w, int wo, float[] out, int oo, TargetExtents extents) {
        int row = extents.width() * LANES;
        for (int t = 0; t < extents.targets(); t++) {
            for (int j = 0; j < extents.units(); j++) {
                float factor = g[go + t * extents.gradientStride() + j];
                axpy(factor, w, wo + j * extents.weightStride(), out, oo + t * extents.outputStride(), row);
            }
        }
    }

    @Override
    public void laneSums(
            float[] u, int uo, int ldu, float[] g, int go, int ldg, float[] out, int oo, int ldo, int rows) {
        for (int i = 0; i < rows; i++) {
            out[oo + i * ldo] += dot(u, uo + i * ldu, g, go + i * ldg, LANES);
        }
    }

    @Override
    public void laneGram(float[] b, int bo, int rows, int slots, float[] out, int oo, int ldo) {
        int pair = oo;
        for (int r = 0; r < slots; r++) {
            for (int s = r; s < slots; s++) {
                for (int i = 0; i < rows; i++) {
                    int at = bo + i * slots * LANES;
                    for (int lane = 0; lane < LANES; lane++) {
                        out[pair + lane] += b[at + r * LANES + lane] * b[at + s * LANES + lane];
                    }
                }
                pair += ldo;
            }
        }
    }

    @Override
    public void laneProduct(float[] b, int bo, float[] m, int mo, float[] out, int oo, int rows, int slots) {
        int row = slots * LANES;
        java.util.Arrays.fill(out, oo, oo + rows * row, 0);
        for (int i = 0; i < rows; i++) {
            for (int s = 0; s < slots; s++) {
                for (int r = 0; r < slots; r++) {
                    for (int lane = 0; lane < LANES; lane++) {
                        out[oo + i * row + r * LANES + lane] +=
                                b[bo + i * row + s * LANES + lane] * m[mo + s * row + r * LANES + lane];
                    }
                }
            }
        }
    }

    @Override
    public void adam(float[] value, float[] gradient, float[] mean, float[] variance, int count, AdamFactors factors) {
        adamRange(value, gradient, mean, variance, 0, count, factors);
    }

    static void adamRange(
            float[] value, float[] gradient, float[] mean, float[] variance, int from, int to, AdamFactors f) {
        for (int i = from; i < to; i++) {
            float g = gradient[i] * f.gradientScale() + value[i] * f.decay();
            mean[i] = mean[i] * f.beta1() + g * f.gain1();
            variance[i] = variance[i] * f.beta2() + g * g * f.gain2();
            value[i] -= mean[i] * f.rate() / ((float) Math.sqrt(variance[i]) * f.correction() + f.epsilon());
        }
    }
}

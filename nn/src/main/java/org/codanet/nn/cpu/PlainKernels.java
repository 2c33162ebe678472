package org.codanet.nn.cpu;

/**
 * The kernels without the Vector API, for a JVM started without it: the same numbers up to rounding, in loops that C2 can
 * vectorise by itself where it may.
 */
final class PlainKernels implements Kernels {
    private static final int LANES = 8;

    PlainKernels() {}

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
    public void winogradOutput(
            float[] m, int mo, int ldf, int ldm, float[] a, int ao, int lda, float[] s, int so, int lds, float[] out, int oo,
            int ldo, int rows) {
        float[] half = new float[8];
        for (int row = 0; row < rows; row++) {
            for (int lane = 0; lane < LANES; lane++) {
                int at = mo + row * ldm + lane;
                for (int x = 0; x < 4; x++) {
                    float m0 = m[at + x * ldf];
                    float m1 = m[at + (4 + x) * ldf];
                    float m2 = m[at + (8 + x) * ldf];
                    half[x] = m0 + m1 + m2;
                    half[4 + x] = m1 - m2 - m[at + (12 + x) * ldf];
                }
                for (int sub = 0; sub < 4; sub++) {
                    int h = 4 * (sub >> 1);
                    float u = (sub & 1) == 0 ? half[h] + half[h + 1] + half[h + 2] : half[h + 1] - half[h + 2] - half[h + 3];
                    int position = 4 * row + sub;
                    if (a != null) {
                        s[so + position * lds + lane] += a[ao + position * lda] * u;
                    }
                    if (out != null) {
                        out[oo + position * ldo + lane] = u;
                    }
                }
            }
        }
    }

    @Override
    public void winogradExpand(
            float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf) {
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
    public void winogradInput(float[] window, int wo, int ldw, float[] out, int oo, int ldf, int channels) {
        for (int column = 0; column < 4; column++) {
            for (int c = 0; c < channels; c++) {
                int at = wo + column * ldw + c;
                float d0 = window[at];
                float d1 = window[at + 4 * ldw];
                float d2 = window[at + 8 * ldw];
                float d3 = window[at + 12 * ldw];
                window[at] = d0 - d2;
                window[at + 4 * ldw] = d1 + d2;
                window[at + 8 * ldw] = d2 - d1;
                window[at + 12 * ldw] = d1 - d3;
            }
        }
        for (int row = 0; row < 4; row++) {
            for (int c = 0; c < channels; c++) {
                int at = wo + 4 * row * ldw + c;
                float d0 = window[at];
                float d1 = window[at + ldw];
                float d2 = window[at + 2 * ldw];
                float d3 = window[at + 3 * ldw];
                int to = oo + 4 * row * ldf + c;
                out[to] = d0 - d2;
                out[to + ldf] = d1 + d2;
                out[to + 2 * ldf] = d2 - d1;
                out[to + 3 * ldf] = d1 - d3;
            }
        }
    }

    @Override
    public void winogradInputAdjoint(float[] in, int io, int ldf, float[] window, int wo, int ldw, int channels) {
        for (int c = 0; c < channels; c++) {
            for (int row = 0; row < 4; row++) {
                int at = io + 4 * row * ldf + c;
                float v0 = in[at];
                float v1 = in[at + ldf];
                float v2 = in[at + 2 * ldf];
                float v3 = in[at + 3 * ldf];
                int to = wo + 4 * row * ldw + c;
                window[to] = v0;
                window[to + ldw] = v1 - v2 + v3;
                window[to + 2 * ldw] = v1 + v2 - v0;
                window[to + 3 * ldw] = -v3;
            }
            for (int column = 0; column < 4; column++) {
                int at = wo + column * ldw + c;
                float v0 = window[at];
                float v1 = window[at + 4 * ldw];
                float v2 = window[at + 8 * ldw];
                float v3 = window[at + 12 * ldw];
                window[at + 4 * ldw] = v1 - v2 + v3;
                window[at + 8 * ldw] = v1 + v2 - v0;
                window[at + 12 * ldw] = -v3;
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
    public void applyClasses(
            float[] g, int go, int ldg, float[] w, int wo, int ldw, int width, float[] out, int oo, int ldo, int classes,
            int units) {
        for (int q = 0; q < classes; q++) {
            for (int j = 0; j < units; j++) {
                axpy(g[go + q * ldg + j], w, wo + j * ldw, out, oo + q * ldo, width * LANES);
            }
        }
    }

    @Override
    public void laneDots(float[] x, int xo, int ldx, float[] y, int yo, int ldy, float[] out, int oo, int count) {
        for (int lane = 0; lane < LANES; lane++) {
            float sum = 0;
            for (int i = 0; i < count; i++) {
                sum += x[xo + i * ldx + lane] * y[yo + i * ldy + lane];
            }
            out[oo + lane] = sum;
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

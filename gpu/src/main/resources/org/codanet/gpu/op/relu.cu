/* relu: y = max(0, x), and the gradient of its output by the rules of ReluRule.java.
 * x, x0 (N, E), dy and dx (N, K, E): float.
 * Launch   one thread for each element, coalesced. */

extern "C" __global__ __launch_bounds__(BLOCK)
void relu_forward(float* __restrict__ y, const float* __restrict__ x, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const float value = x[i];
    y[i] = value <= 0.0f ? 0.0f : value; /* keeps NaN */
}

/* x0 is null unless the rule is RESCALE. */
extern "C" __global__ __launch_bounds__(BLOCK)
void relu_backward(float* __restrict__ dx, const float* __restrict__ dy, const float* x, const float* x0, int rule,
                   int targets, long long elements, long long count) {
    const long long i = (long long) blockIdx.x * BLOCK + threadIdx.x;
    if (i >= count) return;
    const long long at = i / elements / targets * elements + i % elements;
    const float value = x[at], g = dy[i];
    float lower = value > 0.0f ? g : 0.0f;
    if (rule == RULE_GUIDED) lower = lower <= 0.0f ? 0.0f : lower;
    if (rule == RULE_RESCALE) {
        const float start = x0[at];
        const double difference = (double) value - start;
        const double change = fmax(0.0, (double) value) - fmax(0.0, (double) start);
        if (!(fabs(difference) < 1e-10)) lower = (float) (g * change / difference);
    }
    dx[i] = lower;
}

/* Precedes every source of codanet. It includes no header, so that NVRTC needs no include path. WARP_SIZE is defined by KernelSource.java.
 * What plain C++ cannot express has two bodies here: PTX for a GPU, and C++ for the simulated machine (CODANET_SIMULATED). */

/* Sum over the lanes of a full warp. Every lane gets the same bits, in every run. */
template <class T>
static __device__ __forceinline__ T warp_sum(T value) {
    for (int mask = WARP_SIZE / 2; mask > 0; mask /= 2) value += __shfl_xor_sync(0xffffffffu, value, mask);
    return value;
}

/* Sum over a block of BLOCK_THREADS threads in a fixed order. Every thread has to call it. */
template <class T, int BLOCK_THREADS>
static __device__ __forceinline__ T block_sum(T value) {
    __shared__ T parts[BLOCK_THREADS / WARP_SIZE];
    value = warp_sum(value);
    if (threadIdx.x % WARP_SIZE == 0) parts[threadIdx.x / WARP_SIZE] = value;
    __syncthreads();
    T sum = 0;
    for (int i = 0; i < BLOCK_THREADS / WARP_SIZE; i++) sum += parts[i];
    __syncthreads();
    return sum;
}

/* value / 255 for each of the 256 bytes, rounded as IEEE's division does: a product with 1 / 255 in two parts. The operator / would call
 * a routine that needs a stack. */
static __device__ __forceinline__ float byte_share(float value) {
    const float high = 1.0f / 255.0f, low = (float) (1.0 / 255.0 - (double) high);
    return fmaf(value, high, value * low);
}

/* ---- Tensor cores: c (16, 8) += a (16, K) b (K, 8) by one full warp, sums in float32. ----
 * With g = lane / 4, t = lane % 4 and V values in a 32-bit word, the fragments of a lane are
 *   a0 (g, k), a1 (g + 8, k), a2 (g, k + K / 2), a3 (g + 8, k + K / 2)     b0 (k, g), b1 (k + K / 2, g)      k = V t
 *   c0 (g, 2 t), c1 (g, 2 t + 1), c2 (g + 8, 2 t), c3 (g + 8, 2 t + 1)
 * TF32: K = 8, V = 1, floats rounded to 10 bits of mantissa.  bfloat16: K = 16, V = 2, the first value in the lower half. */

static __device__ __forceinline__ unsigned tf32_word(float value) {
    const unsigned bits = __float_as_uint(value);
    return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & 0xffffe000u;
}

static __device__ __forceinline__ unsigned bf16_half(float value) {
    const unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bits >> 16 | 0x40u; /* a NaN stays a NaN */
    return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

#ifdef CODANET_SIMULATED
struct mma_words {
    unsigned a[4], b[2];
};

/* The operands are in the exchange buffers of the simulated machine, not in device memory, so their accesses are not instrumented. */
static inline UNWATCHED float mma_value(const unsigned* words, int half, int values, int k) {
    (void) half;
    return values == 1 ? __uint_as_float(words[0] & 0xffffe000u) : __uint_as_float(words[0] >> (16 * (k % 2)) << 16);
}

static UNWATCHED void mma_simulated(float* c, const unsigned* a, const unsigned* b, int values) {
    mma_words mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
    const char* all = (const char*) sim_warp_exchange(&mine, sizeof mine);
    const int lane = (int) sim_lane(), depth = 8 * values;
    for (int i = 0; i < 4; i++) {
        const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        float sum = c[i];
        for (int k = 0; k < depth; k++) {
            const int high = k / (depth / 2), within = k % (depth / 2), t = within / values;
            const mma_words* left = (const mma_words*) (all + (row % 8 * 4 + t) * 64);
            const mma_words* right = (const mma_words*) (all + (column * 4 + t) * 64);
            sum += mma_value(&left->a[row / 8 + 2 * high], high, values, within)
                    * mma_value(&right->b[high], high, values, within);
        }
        c[i] = sum;
    }
}

static inline void mma_tf32(float* c, const unsigned* a, const unsigned* b) { mma_simulated(c, a, b, 1); }
static inline void mma_bf16(float* c, const unsigned* a, const unsigned* b) { mma_simulated(c, a, b, 2); }

/* As tf32_word, and as bf16_half for two values. */
static inline unsigned tf32_rounded(float value) { return tf32_word(value); }
static inline unsigned bf16_pair(float first, float second) { return bf16_half(second) << 16 | bf16_half(first); }

/* Stores a value to an address to which other threads of the launch store the same value only. */
static inline void store_agreed(float* to, float value) { sim_store_agreed(to, value); }

/* Copies 16 or 4 bytes asynchronously from global to shared memory. They may be read after copies_arrived and a barrier. */
static inline void copy_16(void* to, const void* from) { sim_copy(to, from, 16); }
static inline void copy_4(void* to, const void* from) { sim_copy(to, from, 4); }
static inline void copies_end() { sim_copies_end(); }
template <int LATER>
static inline void copies_arrived() { sim_copies_arrived(LATER); }

/* a / b within two units in the last place, without the routine of the operator /, which may need a stack. */
static inline float quotient(float a, float b) { return a / b; }
#else
static __device__ __forceinline__ float quotient(float a, float b) {
    float value;
    asm("div.full.f32 %0, %1, %2;" : "=f"(value) : "f"(a), "f"(b));
    return value;
}

/* As tf32_word, and as bf16_half for two values, with one instruction each. */
static __device__ __forceinline__ unsigned tf32_rounded(float value) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
}

static __device__ __forceinline__ unsigned bf16_pair(float first, float second) {
    unsigned bits;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
    return bits;
}

static __device__ __forceinline__ void mma_tf32(float* c, const unsigned* a, const unsigned* b) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

static __device__ __forceinline__ void mma_bf16(float* c, const unsigned* a, const unsigned* b) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* Stores a value to an address to which other threads of the launch store the same value only. */
static __device__ __forceinline__ void store_agreed(float* to, float value) {
    asm volatile("st.relaxed.gpu.global.f32 [%0], %1;" ::"l"(to), "f"(value) : "memory");
}

static __device__ __forceinline__ unsigned shared_address(const void* pointer) {
    unsigned address;
    asm("{ .reg .u64 shared; cvta.to.shared.u64 shared, %1; cvt.u32.u64 %0, shared; }" : "=r"(address) : "l"(pointer));
    return address;
}

/* Copies 16 or 4 bytes asynchronously from global to shared memory; both addresses are multiples of the size. They may be read after
 * copies_arrived and a barrier. */
static __device__ __forceinline__ void copy_16(void* to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from) : "memory");
}
static __device__ __forceinline__ void copy_4(void* to, const void* from) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(shared_address(to)), "l"(from) : "memory");
}

/* Commits a group of copies. */
static __device__ __forceinline__ void copies_end() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/* Waits for all groups but the last LATER ones. */
template <int LATER>
static __device__ __forceinline__ void copies_arrived() {
    asm volatile("cp.async.wait_group %0;" ::"n"(LATER) : "memory");
}
#endif

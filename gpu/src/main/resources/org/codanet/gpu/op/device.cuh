/* Stands before every kernel of codanet. No header is included, so NVRTC needs no include path.
 * What is not C++ has two bodies here: PTX for a GPU, and C++ for the simulated machine (CODANET_SIMULATED). */

/* Sum over the 32 lanes of a full warp, the same bits in every lane and every run. */
template <class T>
static __device__ __forceinline__ T warp_sum(T value) {
    for (int mask = 16; mask > 0; mask /= 2) value += __shfl_xor_sync(0xffffffffu, value, mask);
    return value;
}

/* Sum over a block of BLOCK threads, in a fixed order; valid in thread 0. Every thread must call it. */
template <class T, int BLOCK_THREADS>
static __device__ __forceinline__ T block_sum(T value) {
    __shared__ T parts[BLOCK_THREADS / 32];
    value = warp_sum(value);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    T sum = 0;
    for (int i = 0; i < BLOCK_THREADS / 32; i++) sum += parts[i];
    __syncthreads();
    return sum;
}

/* Kernels for a test of the simulated machine: the first ones keep every rule, each of the others breaks one.
 * to (64) and from (68) float. Launch: one block of 64 threads, unless a comment says otherwise. */

extern "C" __global__ void keeps_block_barrier(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncthreads();
    const float before = parts[(t + 63) % 64];
    __syncthreads();
    parts[t] = before;
    __syncthreads();
    to[t] = parts[(t + 1) % 64];
}

extern "C" __global__ void keeps_warp_barrier(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncwarp();
    to[t] = parts[t ^ 1];
}

extern "C" __global__ void keeps_copies(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    for (int i = 0; i < 3; i++) {
        copy_4(parts + t, from + t);
        copies_end();
        copies_arrived<0>();
        __syncthreads();
        to[t] = parts[(t + i) % 64];
        __syncthreads();
    }
}

extern "C" __global__ void keeps_atomics(float* to, const float* from) {
    __shared__ int counts[2];
    const int t = threadIdx.x;
    if (t < 2) counts[t] = 0;
    __syncthreads();
    atomicAdd(&counts[t % 3 % 2], t);
    atomicAdd((int*) from + 66, 1);
    __syncthreads();
    to[t] = (float) (counts[0] + counts[1]) + from[66];
    __syncthreads();
    atomicAdd(&counts[0], t);
}

extern "C" __global__ void reads_too_early(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    to[t] = parts[t == 0 ? 0 : t - 1];
}

extern "C" __global__ void writes_too_early(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncthreads();
    to[t] = parts[63];
    parts[t] = 0;
}

extern "C" __global__ void waits_for_its_warp_alone(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncwarp();
    to[t] = parts[t < 32 ? t : t - 32];
}

extern "C" __global__ void exchanges_and_does_not_wait(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    const float other = __shfl_xor_sync(0xffffffffu, from[t], 1);
    to[t] = other + parts[t ^ 1];
}

extern "C" __global__ void reads_what_nothing_wrote(float* to, const float* from) {
    __shared__ float parts[65];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncthreads();
    to[t] = parts[t + 1];
}

extern "C" __global__ void refills_too_early(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncthreads();
    const float value = parts[63 - t];
    copy_4(parts + t, from + t);
    copies_end();
    copies_arrived<0>();
    __syncthreads();
    to[t] = value + parts[t];
}

extern "C" __global__ void reads_while_it_is_copied(float* to, const float* from) {
    __shared__ float parts[64];
    const int t = threadIdx.x;
    parts[t] = from[t];
    __syncthreads();
    copy_4(parts + t, from + t);
    copies_end();
    __syncthreads();
    const float value = parts[63 - t];
    __syncthreads();
    copies_arrived<0>();
    to[t] = value;
}

extern "C" __global__ void reads_misaligned(float* to, const float* from) {
    to[threadIdx.x] = ((const float4*) (from + 1))->y;
    const float4 all = *(const float4*) (from + 1);
    to[threadIdx.x] = all.x + all.w;
}

extern "C" __global__ void counts_from_nothing(float* to, const float* from) {
    __shared__ int count;
    atomicAdd(&count, 1);
    __syncthreads();
    to[threadIdx.x] = from[0] + (float) count;
}

extern "C" __global__ void counts_too_early(float* to, const float* from) {
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    atomicAdd(&count, 1);
    __syncthreads();
    to[threadIdx.x] = from[0] + (float) count;
}

extern "C" __global__ void reads_what_is_counted(float* to, const float* from) {
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    atomicAdd(&count, 1);
    __syncwarp();
    to[threadIdx.x] = from[0] + (float) count;
}

extern "C" __global__ void counts_what_is_read(float* to, const float* from) {
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    to[threadIdx.x] = from[0] + (float) count;
    atomicAdd(&count, 1);
}

/* Two blocks. */
extern "C" __global__ void reads_what_another_block_counts(float* to, const float* from) {
    atomicAdd((int*) from, 1);
    __syncthreads();
    if (blockIdx.x == 1) to[threadIdx.x] = from[0];
}

/* Two blocks. */
extern "C" __global__ void writes_where_another_block_does(float* to, const float* from) {
    to[threadIdx.x] = from[threadIdx.x];
}

/* Two blocks. */
extern "C" __global__ void reads_what_another_block_writes(float* to, const float* from) {
    const int t = threadIdx.x;
    if (blockIdx.x == 0) to[t] = from[t];
    else if (t < 1) to[t + 1] = to[t];
}

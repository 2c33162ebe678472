/* The simulated CUDA machine: the part of CUDA C++ that the kernels of codanet use, for a C++ compiler. */
#pragma once
#include <math.h>
#include <stddef.h>
#include <string.h>

#define CODANET_SIMULATED 1
#define __global__ __attribute__((visibility("default")))
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static __attribute__((section("sim_shared")))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

/* For functions whose memory accesses are not the kernel's own and therefore not instrumented. */
#define UNWATCHED __attribute__((no_sanitize("thread", "alignment", "kernel-address")))

struct sim_dim {
    unsigned x, y, z;
};
extern "C" sim_dim sim_thread, sim_block, sim_block_size, sim_grid_size;
extern "C" unsigned sim_lane_index;
extern "C" void sim_block_barrier();
extern "C" void sim_warp_barrier();
extern "C" const void* sim_warp_exchange(const void* value, size_t bytes);
extern "C" unsigned sim_from_lane_4(unsigned value, unsigned lane);
extern "C" unsigned long sim_from_lane_8(unsigned long value, unsigned lane);
extern "C" void sim_broken(const char* rule);
extern "C" void sim_store_agreed(float* to, float value);
extern "C" void sim_atomic(void* word);
extern "C" unsigned sim_copy_begins(void* to, const void* from, unsigned bytes);
extern "C" void sim_copy_arrives(void* to, const void* from, unsigned bytes, unsigned begun);
#define threadIdx sim_thread
#define blockIdx sim_block
#define blockDim sim_block_size
#define gridDim sim_grid_size
#define __syncthreads sim_block_barrier

struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
/* Inlined into functions of both kinds: instrumented ones and others. */
#define INLINED static inline __attribute__((always_inline))
INLINED float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
INLINED float2 make_float2(float x, float y) { return {x, y}; }

INLINED void __syncwarp(unsigned = 0xffffffffu) { sim_warp_barrier(); }
/* Never contracted to a fused multiply-add; the options of the compiler forbid it everywhere. */
INLINED float __fadd_rn(float a, float b) { return a + b; }
INLINED float __fsub_rn(float a, float b) { return a - b; }
INLINED float __fmul_rn(float a, float b) { return a * b; }
INLINED int min(int a, int b) { return a < b ? a : b; }
INLINED int max(int a, int b) { return a > b ? a : b; }

INLINED unsigned sim_lane() { return sim_lane_index; }

/* The value of another lane of a full warp. */
template <class T>
INLINED T sim_from_lane(T value, unsigned lane) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "no other sizes are exchanged");
    if constexpr (sizeof(T) == 4) {
        return __builtin_bit_cast(T, sim_from_lane_4(__builtin_bit_cast(unsigned, value), lane % 32));
    } else {
        return __builtin_bit_cast(T, sim_from_lane_8(__builtin_bit_cast(unsigned long, value), lane % 32));
    }
}
template <class T>
INLINED T __shfl_xor_sync(unsigned, T value, int mask) { return sim_from_lane(value, sim_lane() ^ (unsigned) mask); }
template <class T>
INLINED T __shfl_sync(unsigned, T value, int lane) { return sim_from_lane(value, (unsigned) lane); }

INLINED unsigned __float_as_uint(float value) {
    unsigned bits;
    __builtin_memcpy(&bits, &value, 4);
    return bits;
}
INLINED float __uint_as_float(unsigned bits) {
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

static UNWATCHED int atomicAdd(int* word, int value) {
    sim_atomic(word);
    const int before = *word;
    *word = before + value;
    return before;
}

/* An asynchronous copy takes place when the kernel waits for it: a kernel that does not wait reads the old content. Each thread has a
 * ring buffer of pending copies, with the number of the group and the time at which each began. */
struct sim_copying {
    void* to;
    const void* from;
    unsigned bytes, group, begun;
};
const unsigned sim_most_copies = 1024;
struct sim_copies {
    sim_copying ring[sim_most_copies];
    unsigned begun, made, group;
};
static sim_copies sim_copies_of[1024];
/* Zeros are written if from is null. */
static UNWATCHED void sim_copy(void* to, const void* from, int bytes) {
    sim_copies& all = sim_copies_of[sim_thread.x];
    if ((((size_t) to | (size_t) from) & (size_t) (bytes - 1)) != 0) sim_broken("an asynchronous copy whose addresses are not multiples of its size");
    if (all.begun - all.made == sim_most_copies) sim_broken("more asynchronous copies under way than the simulated machine can hold");
    if (all.begun == all.made) all.begun = all.made = 0; /* uses the same memory again */
    all.ring[all.begun++ % sim_most_copies] = {to, from, (unsigned) bytes, all.group, sim_copy_begins(to, from, bytes)};
}
static UNWATCHED void sim_copies_end() { sim_copies_of[sim_thread.x].group++; }
static UNWATCHED void sim_copies_arrived(unsigned later) {
    sim_copies& all = sim_copies_of[sim_thread.x];
    for (; all.made != all.begun && all.group - all.ring[all.made % sim_most_copies].group > later; all.made++) {
        const sim_copying each = all.ring[all.made % sim_most_copies];
        sim_copy_arrives(each.to, each.from, each.bytes, each.begun);
    }
}

/* What a launch needs: a function that calls the kernel with the addresses of its arguments, and the sizes of the parameters. */
template <size_t... I>
struct sim_indices {};
template <size_t N, size_t... I>
struct sim_count : sim_count<N - 1, N - 1, I...> {};
template <size_t... I>
struct sim_count<0, I...> {
    typedef sim_indices<I...> type;
};
template <class... A, size_t... I>
INLINED void sim_call(void (*kernel)(A...), void** p, sim_indices<I...>) { kernel(*(A*) p[I]...); }
template <class... A>
INLINED void sim_call(void (*kernel)(A...), void** p) { sim_call(kernel, p, typename sim_count<sizeof...(A)>::type()); }
template <class F>
struct sim_sizes;
template <class... A>
struct sim_sizes<void(A...)> {
    size_t sizes[sizeof...(A) + 1] = {sizeof(A)..., 0};
};
/* The section of shared memory. The linker defines these symbols if there is one. */
extern "C" char __start_sim_shared[] __attribute__((weak, visibility("hidden")));
extern "C" char __stop_sim_shared[] __attribute__((weak, visibility("hidden")));
#define SIM_SHARED                                                                                       \
    extern "C" __attribute__((visibility("default"))) UNWATCHED void sim_shared_range(char** begin, char** end) { \
        *begin = __start_sim_shared;                                                                     \
        *end = __stop_sim_shared;                                                                        \
    }
#define SIM_KERNEL(name)                                                                                                     \
    extern "C" __attribute__((visibility("default"))) void sim_invoke_##name(void** p) { sim_call(name, p); }                \
    extern "C" __attribute__((visibility("default"))) const sim_sizes<decltype(name)> sim_sizes_##name = sim_sizes<decltype(name)>();
#include "warpgroup.h"

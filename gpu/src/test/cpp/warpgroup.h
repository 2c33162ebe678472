/* The simulated CUDA machine: the bodies of the functions of warpgroup.cuh. barriers.cpp and products.cpp do the work. */
#pragma once

extern "C" void sim_dynamic_shared(const void* begin, unsigned bytes);
extern "C" void sim_barrier_init(void* barrier, unsigned count);
extern "C" void sim_barriers_ready();
extern "C" void sim_barrier_arrive(void* barrier, unsigned bytes);
extern "C" void sim_barrier_wait(void* barrier, unsigned parity);
extern "C" void sim_bulk_copy(void* to, const void* from, unsigned bytes, void* barrier);
extern "C" void sim_named_barrier(int number, unsigned threads);
extern "C" void sim_stores_visible();
extern "C" void sim_load_transposed(unsigned* a, const void* row);
extern "C" void sim_product(float* c, const unsigned* a_rows, unsigned long long a, unsigned long long b, int columns, int mn_major, int adds);
extern "C" void sim_products_begin();
extern "C" void sim_products_end();
extern "C" void sim_products_arrived(unsigned later);

/* Shared memory whose size the launch states. */
#define DYNAMIC_SHARED(name, bytes)                                                                    \
    static __attribute__((section("sim_shared"), aligned(1024))) unsigned char name[bytes];            \
    sim_dynamic_shared(name, bytes)

/* An address in shared memory is the distance from the beginning of the section. */
INLINED unsigned shared_address(const void* pointer) { return (unsigned) ((const char*) pointer - __start_sim_shared); }
INLINED void* sim_shared_pointer(unsigned address) { return __start_sim_shared + address; }

INLINED void barrier_init(unsigned long long* barrier, unsigned count) { sim_barrier_init(barrier, count); }
INLINED void barriers_ready() { sim_barriers_ready(); }
INLINED void barrier_expect(unsigned long long* barrier, unsigned bytes) { sim_barrier_arrive(barrier, bytes); }
INLINED void barrier_arrive(unsigned long long* barrier) { sim_barrier_arrive(barrier, 0); }
INLINED void barrier_wait(unsigned long long* barrier, unsigned parity) { sim_barrier_wait(barrier, parity); }

INLINED void bulk_copy(void* to, const void* from, unsigned bytes, unsigned long long* barrier) { sim_bulk_copy(to, from, bytes, barrier); }
INLINED void copy_16_or_zero(unsigned to, const void* from, bool copies) { sim_copy(sim_shared_pointer(to), copies ? from : nullptr, 16); }
INLINED void copy_4_or_zero(unsigned to, const void* from, bool copies) { sim_copy(sim_shared_pointer(to), copies ? from : nullptr, 4); }
INLINED void load_transposed(unsigned* a, unsigned address) { sim_load_transposed(a, sim_shared_pointer(address)); }
INLINED void stores_visible_to_products() { sim_stores_visible(); }

template <int THREADS_OF_BARRIER>
INLINED void named_barrier(int number) {
    static_assert(THREADS_OF_BARRIER > 0 && THREADS_OF_BARRIER % 32 == 0, "a barrier of whole warps");
    sim_named_barrier(number, THREADS_OF_BARRIER);
}

template <int COUNT>
INLINED void fewer_registers() { static_assert(COUNT >= 24 && COUNT <= 256 && COUNT % 8 == 0, "a number of registers"); }
template <int COUNT>
INLINED void more_registers() { static_assert(COUNT >= 24 && COUNT <= 256 && COUNT % 8 == 0, "a number of registers"); }

INLINED void products_begin() { sim_products_begin(); }
INLINED void products_end() { sim_products_end(); }
template <int LATER>
INLINED void products_arrived() { sim_products_arrived(LATER); }

#define MULTIPLY(N) MULTIPLY_(N)
#define MULTIPLY_(N) multiply_##N
#define DEFINE_PRODUCT(N, I) DEFINE_PRODUCT_(N, I)
#define DEFINE_PRODUCT_(N, I)                                                                                                  \
    static_assert(N == 8 * I && I >= 1 && I <= 32, "columns of a product");                                                    \
    static inline void multiply_##N(float* c, unsigned long long a, unsigned long long b, int adds) {                          \
        sim_product(c, nullptr, a, b, N, 0, adds);                                                                             \
    }
#define MULTIPLY_ROWS(N) MULTIPLY_ROWS_(N)
#define MULTIPLY_ROWS_(N) multiply_rows_##N
#define DEFINE_ROWS_PRODUCT(N, I, MN_MAJOR) DEFINE_ROWS_PRODUCT_(N, I, MN_MAJOR)
#define DEFINE_ROWS_PRODUCT_(N, I, MN_MAJOR)                                                                                   \
    static_assert(N == 8 * I && I >= 1 && I <= 32, "columns of a product");                                                    \
    static inline void multiply_rows_##N(float* c, unsigned* a, unsigned long long b, int adds) {                              \
        sim_product(c, a, 0, b, N, MN_MAJOR, adds);                                                                            \
    }

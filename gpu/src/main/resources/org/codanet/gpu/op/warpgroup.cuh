/* warpgroup: what the kernels of the fused form use of the Hopper architecture (sm_90a): barriers in shared memory, bulk copies, and
 * matrix products by a warpgroup, which is four consecutive warps. As in device.cuh, each function has two bodies.
 *
 * A tile is an operand in shared memory: rows of 64 bfloat16 values, 128 bytes each, from a multiple of 1024 bytes on. The 16-byte
 * chunk c of row r is stored at chunk c ^ (r % 8), the 128-byte swizzle: then 8 rows of one chunk are in different banks.
 *   K-major    a row is one m of A or one n of B, and its values follow each other along k
 *   MN-major   a row is one k, and its values follow each other along n; B of more than 64 columns is several such tiles
 *
 * A warpgroup multiplies C (64, N) += A (64, 16) B (16, N). Warp w has the rows 16 w to 16 w + 15; with g = lane / 4, t = lane % 4,
 *   C: c[4 i + 0, 1] (g, 8 i + 2 t), (g, 8 i + 2 t + 1)     c[4 i + 2, 3] the same of row g + 8
 *   A in registers: as in mma_bf16 of device.cuh. */

/* The byte of a chunk within a tile. */
static __device__ __forceinline__ unsigned tile_chunk(unsigned row, unsigned chunk) { return row * 128 + ((chunk ^ (row & 7)) << 4); }

/* Bits of a descriptor: address, distance of the next 8 (K-major) or 64 (MN-major) values along k or n, distance of the next 8 rows,
 * and the layout; all distances in 16-byte units. */
#define SWIZZLE_128 (1ull << 62)
static __device__ __forceinline__ unsigned long long descriptor(unsigned address, unsigned leading, unsigned rows, unsigned long long layout) {
    return (unsigned long long) ((address & 0x3ffff) >> 4) | (unsigned long long) (leading >> 4) << 16
            | (unsigned long long) (rows >> 4) << 32 | layout;
}

/* A K-major tile; step k16 begins 32 bytes later. */
static __device__ __forceinline__ unsigned long long k_major(unsigned address) { return descriptor(address, 16, 1024, SWIZZLE_128); }

/* An MN-major operand whose tiles of 64 columns are column_bytes apart; step k16 begins 2048 bytes later. */
static __device__ __forceinline__ unsigned long long mn_major(unsigned address, unsigned column_bytes) {
    return descriptor(address, column_bytes, 1024, SWIZZLE_128);
}

/* One 8 x 16 matrix that is repeated for all rows: two chunks of 8 rows, 128 bytes each, without swizzle. */
static __device__ __forceinline__ unsigned long long repeated_rows(unsigned address) { return descriptor(address, 128, 0, 0); }

/* A warpgroup that copies gives registers to those that multiply. The block has what it was launched with: of the 64 Ki registers of a
 * multiprocessor the most that each thread can have, a multiple of 8. More than that would never be granted, and the block would hang. */
#define REGISTERS_FIT(threads, registers, other_threads, other_registers) \
    ((threads) * (registers) + (other_threads) * (other_registers)        \
     <= ((threads) + (other_threads)) * (65536 / ((threads) + (other_threads)) / 8 * 8))

#ifndef CODANET_SIMULATED
/* Shared memory whose size the launch states. */
#define DYNAMIC_SHARED(name, bytes) extern __shared__ __align__(1024) unsigned char name[]

static __device__ __forceinline__ void barrier_init(unsigned long long* barrier, unsigned count) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(count) : "memory");
}
/* After the initialisation, before other threads and the copy engine use the barriers. */
static __device__ __forceinline__ void barriers_ready() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

/* Arrives and announces bytes that a bulk copy will bring. */
static __device__ __forceinline__ void barrier_expect(unsigned long long* barrier, unsigned bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes) : "memory");
}
static __device__ __forceinline__ void barrier_arrive(unsigned long long* barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}
/* Waits until the phase of this parity has completed. */
static __device__ __forceinline__ void barrier_wait(unsigned long long* barrier, unsigned parity) {
    asm volatile("{\n"
                 ".reg .pred done;\n"
                 "wait:\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 "@!done bra wait;\n"
                 "}" ::"r"(shared_address(barrier)), "r"(parity) : "memory");
}

/* Copies bytes, a multiple of 16, from global to shared memory; the barrier counts them. */
static __device__ __forceinline__ void bulk_copy(void* to, const void* from, unsigned bytes, unsigned long long* barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
                 ::"r"(shared_address(to)), "l"(from), "r"(bytes), "r"(shared_address(barrier)) : "memory");
}
/* Copies 16 bytes asynchronously, or writes zeros. The first-level cache keeps them, because patches overlap. */
static __device__ __forceinline__ void copy_16_or_zero(unsigned to, const void* from, bool copies) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(copies ? 16 : 0) : "memory");
}
static __device__ __forceinline__ void copy_4_or_zero(unsigned to, const void* from, bool copies) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(copies ? 4 : 0) : "memory");
}
/* Reads the A fragment of a K-major A (16, 16) from its transpose in shared memory: rows of k, chunks of 8 m. Each lane gives the
 * address of a chunk: row lane % 8 + lane / 16 * 8, chunk lane / 8 % 2. */
static __device__ __forceinline__ void load_transposed(unsigned* a, unsigned address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3]) : "r"(address) : "memory");
}
/* Makes what this thread stored to shared memory visible to matrix products; before the barrier that the other threads wait at. */
static __device__ __forceinline__ void stores_visible_to_products() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/* A barrier of THREADS threads; number 1 to 15. */
template <int THREADS_OF_BARRIER>
static __device__ __forceinline__ void named_barrier(int number) {
    asm volatile("bar.sync %0, %1;" ::"r"(number), "n"(THREADS_OF_BARRIER) : "memory");
}

template <int COUNT>
static __device__ __forceinline__ void fewer_registers() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(COUNT)); }
template <int COUNT>
static __device__ __forceinline__ void more_registers() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(COUNT)); }

/* Before the first product after registers of its operands were written. */
static __device__ __forceinline__ void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
static __device__ __forceinline__ void products_end() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/* Waits for all groups but the last LATER ones. */
template <int LATER>
static __device__ __forceinline__ void products_arrived() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(LATER) : "memory"); }

/* ---- wgmma. The instruction names all registers of C: LIST_i and ROWS_i are those of the first 8 i columns in its text, where 3 or 6
 * operands precede them, and C_i are the operands. ---- */
#define LIST_1 "%3, %4, %5, %6"
#define LIST_2 LIST_1 ", %7, %8, %9, %10"
#define LIST_3 LIST_2 ", %11, %12, %13, %14"
#define LIST_4 LIST_3 ", %15, %16, %17, %18"
#define LIST_5 LIST_4 ", %19, %20, %21, %22"
#define LIST_6 LIST_5 ", %23, %24, %25, %26"
#define LIST_7 LIST_6 ", %27, %28, %29, %30"
#define LIST_8 LIST_7 ", %31, %32, %33, %34"
#define LIST_9 LIST_8 ", %35, %36, %37, %38"
#define LIST_10 LIST_9 ", %39, %40, %41, %42"
#define LIST_11 LIST_10 ", %43, %44, %45, %46"
#define LIST_12 LIST_11 ", %47, %48, %49, %50"
#define LIST_13 LIST_12 ", %51, %52, %53, %54"
#define LIST_14 LIST_13 ", %55, %56, %57, %58"
#define LIST_15 LIST_14 ", %59, %60, %61, %62"
#define LIST_16 LIST_15 ", %63, %64, %65, %66"
#define LIST_17 LIST_16 ", %67, %68, %69, %70"
#define LIST_18 LIST_17 ", %71, %72, %73, %74"
#define LIST_19 LIST_18 ", %75, %76, %77, %78"
#define LIST_20 LIST_19 ", %79, %80, %81, %82"
#define LIST_21 LIST_20 ", %83, %84, %85, %86"
#define LIST_22 LIST_21 ", %87, %88, %89, %90"
#define LIST_23 LIST_22 ", %91, %92, %93, %94"
#define LIST_24 LIST_23 ", %95, %96, %97, %98"
#define LIST_25 LIST_24 ", %99, %100, %101, %102"
#define LIST_26 LIST_25 ", %103, %104, %105, %106"
#define LIST_27 LIST_26 ", %107, %108, %109, %110"
#define LIST_28 LIST_27 ", %111, %112, %113, %114"
#define LIST_29 LIST_28 ", %115, %116, %117, %118"
#define LIST_30 LIST_29 ", %119, %120, %121, %122"
#define LIST_31 LIST_30 ", %123, %124, %125, %126"
#define LIST_32 LIST_31 ", %127, %128, %129, %130"
#define ROWS_1 "%6, %7, %8, %9"
#define ROWS_2 ROWS_1 ", %10, %11, %12, %13"
#define ROWS_3 ROWS_2 ", %14, %15, %16, %17"
#define ROWS_4 ROWS_3 ", %18, %19, %20, %21"
#define ROWS_5 ROWS_4 ", %22, %23, %24, %25"
#define ROWS_6 ROWS_5 ", %26, %27, %28, %29"
#define ROWS_7 ROWS_6 ", %30, %31, %32, %33"
#define ROWS_8 ROWS_7 ", %34, %35, %36, %37"
#define ROWS_9 ROWS_8 ", %38, %39, %40, %41"
#define ROWS_10 ROWS_9 ", %42, %43, %44, %45"
#define ROWS_11 ROWS_10 ", %46, %47, %48, %49"
#define ROWS_12 ROWS_11 ", %50, %51, %52, %53"
#define ROWS_13 ROWS_12 ", %54, %55, %56, %57"
#define ROWS_14 ROWS_13 ", %58, %59, %60, %61"
#define ROWS_15 ROWS_14 ", %62, %63, %64, %65"
#define ROWS_16 ROWS_15 ", %66, %67, %68, %69"
#define ROWS_17 ROWS_16 ", %70, %71, %72, %73"
#define ROWS_18 ROWS_17 ", %74, %75, %76, %77"
#define ROWS_19 ROWS_18 ", %78, %79, %80, %81"
#define ROWS_20 ROWS_19 ", %82, %83, %84, %85"
#define ROWS_21 ROWS_20 ", %86, %87, %88, %89"
#define ROWS_22 ROWS_21 ", %90, %91, %92, %93"
#define ROWS_23 ROWS_22 ", %94, %95, %96, %97"
#define ROWS_24 ROWS_23 ", %98, %99, %100, %101"
#define ROWS_25 ROWS_24 ", %102, %103, %104, %105"
#define ROWS_26 ROWS_25 ", %106, %107, %108, %109"
#define ROWS_27 ROWS_26 ", %110, %111, %112, %113"
#define ROWS_28 ROWS_27 ", %114, %115, %116, %117"
#define ROWS_29 ROWS_28 ", %118, %119, %120, %121"
#define ROWS_30 ROWS_29 ", %122, %123, %124, %125"
#define ROWS_31 ROWS_30 ", %126, %127, %128, %129"
#define ROWS_32 ROWS_31 ", %130, %131, %132, %133"
#define C_1 "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
#define C_2 C_1, "+f"(c[4]), "+f"(c[5]), "+f"(c[6]), "+f"(c[7])
#define C_3 C_2, "+f"(c[8]), "+f"(c[9]), "+f"(c[10]), "+f"(c[11])
#define C_4 C_3, "+f"(c[12]), "+f"(c[13]), "+f"(c[14]), "+f"(c[15])
#define C_5 C_4, "+f"(c[16]), "+f"(c[17]), "+f"(c[18]), "+f"(c[19])
#define C_6 C_5, "+f"(c[20]), "+f"(c[21]), "+f"(c[22]), "+f"(c[23])
#define C_7 C_6, "+f"(c[24]), "+f"(c[25]), "+f"(c[26]), "+f"(c[27])
#define C_8 C_7, "+f"(c[28]), "+f"(c[29]), "+f"(c[30]), "+f"(c[31])
#define C_9 C_8, "+f"(c[32]), "+f"(c[33]), "+f"(c[34]), "+f"(c[35])
#define C_10 C_9, "+f"(c[36]), "+f"(c[37]), "+f"(c[38]), "+f"(c[39])
#define C_11 C_10, "+f"(c[40]), "+f"(c[41]), "+f"(c[42]), "+f"(c[43])
#define C_12 C_11, "+f"(c[44]), "+f"(c[45]), "+f"(c[46]), "+f"(c[47])
#define C_13 C_12, "+f"(c[48]), "+f"(c[49]), "+f"(c[50]), "+f"(c[51])
#define C_14 C_13, "+f"(c[52]), "+f"(c[53]), "+f"(c[54]), "+f"(c[55])
#define C_15 C_14, "+f"(c[56]), "+f"(c[57]), "+f"(c[58]), "+f"(c[59])
#define C_16 C_15, "+f"(c[60]), "+f"(c[61]), "+f"(c[62]), "+f"(c[63])
#define C_17 C_16, "+f"(c[64]), "+f"(c[65]), "+f"(c[66]), "+f"(c[67])
#define C_18 C_17, "+f"(c[68]), "+f"(c[69]), "+f"(c[70]), "+f"(c[71])
#define C_19 C_18, "+f"(c[72]), "+f"(c[73]), "+f"(c[74]), "+f"(c[75])
#define C_20 C_19, "+f"(c[76]), "+f"(c[77]), "+f"(c[78]), "+f"(c[79])
#define C_21 C_20, "+f"(c[80]), "+f"(c[81]), "+f"(c[82]), "+f"(c[83])
#define C_22 C_21, "+f"(c[84]), "+f"(c[85]), "+f"(c[86]), "+f"(c[87])
#define C_23 C_22, "+f"(c[88]), "+f"(c[89]), "+f"(c[90]), "+f"(c[91])
#define C_24 C_23, "+f"(c[92]), "+f"(c[93]), "+f"(c[94]), "+f"(c[95])
#define C_25 C_24, "+f"(c[96]), "+f"(c[97]), "+f"(c[98]), "+f"(c[99])
#define C_26 C_25, "+f"(c[100]), "+f"(c[101]), "+f"(c[102]), "+f"(c[103])
#define C_27 C_26, "+f"(c[104]), "+f"(c[105]), "+f"(c[106]), "+f"(c[107])
#define C_28 C_27, "+f"(c[108]), "+f"(c[109]), "+f"(c[110]), "+f"(c[111])
#define C_29 C_28, "+f"(c[112]), "+f"(c[113]), "+f"(c[114]), "+f"(c[115])
#define C_30 C_29, "+f"(c[116]), "+f"(c[117]), "+f"(c[118]), "+f"(c[119])
#define C_31 C_30, "+f"(c[120]), "+f"(c[121]), "+f"(c[122]), "+f"(c[123])
#define C_32 C_31, "+f"(c[124]), "+f"(c[125]), "+f"(c[126]), "+f"(c[127])

/* Defines multiply_N(c, a, b, adds): C (64, N) = A B, or += if adds; N = 8 I. A and B are K-major tiles in shared memory. */
#define DEFINE_PRODUCT(N, I) DEFINE_PRODUCT_(N, I)
#define MULTIPLY(N) MULTIPLY_(N)
#define MULTIPLY_(N) multiply_##N
#define DEFINE_PRODUCT_(N, I)                                                                                                       \
    static __device__ __forceinline__ void multiply_##N(float* c, unsigned long long a, unsigned long long b, int adds) {           \
        asm volatile("{\n.reg .pred adds;\nsetp.ne.b32 adds, %2, 0;\n"                                                              \
                     "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" LIST_##I "}, %0, %1, adds, 1, 1, 0, 0;\n}"        \
                     : "+l"(a), "+l"(b), "+r"(adds), C_##I);                                                                        \
    }
/* Defines multiply_rows_N(c, a, b, adds), with A in registers. MN_MAJOR: 0 if B is K-major, 1 if it is MN-major. */
#define DEFINE_ROWS_PRODUCT(N, I, MN_MAJOR) DEFINE_ROWS_PRODUCT_(N, I, MN_MAJOR)
#define MULTIPLY_ROWS(N) MULTIPLY_ROWS_(N)
#define MULTIPLY_ROWS_(N) multiply_rows_##N
#define DEFINE_ROWS_PRODUCT_(N, I, MN_MAJOR)                                                                                        \
    static __device__ __forceinline__ void multiply_rows_##N(float* c, unsigned* a, unsigned long long b, int adds) {               \
        asm volatile("{\n.reg .pred adds;\nsetp.ne.b32 adds, %5, 0;\n"                                                              \
                     "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" ROWS_##I "}, {%0, %1, %2, %3}, %4, adds, 1, 1, "  \
                     #MN_MAJOR ";\n}"                                                                                               \
                     : "+r"(a[0]), "+r"(a[1]), "+r"(a[2]), "+r"(a[3]), "+l"(b), "+r"(adds), C_##I);                                 \
    }
#endif

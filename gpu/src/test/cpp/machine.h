/* The simulated CUDA machine: declarations that its libraries share.
 *
 * machine.cpp   device memory, call counters and injected failures
 * threads.cpp   thread blocks, one fiber per thread
 * barriers.cpp  barriers in shared memory, bulk copies, and numbered barriers
 * products.cpp  matrix products of a warpgroup
 * accesses.cpp  checks every memory access of a kernel
 * clocks.cpp    the same for shared memory, where other barriers than those of the block and its warps are used
 * device.h, warpgroup.h   what a kernel uses of CUDA
 * driver.cpp, nvrtc.cpp, cublas.cpp, cudnn.cpp   the functions that codanet calls
 *
 * A function that is bound but not simulated fails and prints its name. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))
/* For what only libcuda.so.1 uses: accessed without an indirection. */
#define INTERNAL __attribute__((visibility("hidden")))

/* CUresult: the statuses that the simulated driver returns and those that tests inject. */
#define CUDA_STATUSES(STATUS)                                                                                        \
    STATUS(CUDA_SUCCESS, 0)                                                                                          \
    STATUS(CUDA_ERROR_INVALID_VALUE, 1)                                                                              \
    STATUS(CUDA_ERROR_OUT_OF_MEMORY, 2)                                                                              \
    STATUS(CUDA_ERROR_INVALID_DEVICE, 101)                                                                           \
    STATUS(CUDA_ERROR_INVALID_CONTEXT, 201)                                                                          \
    STATUS(CUDA_ERROR_ECC_UNCORRECTABLE, 214)                                                                        \
    STATUS(CUDA_ERROR_INVALID_HANDLE, 400)                                                                           \
    STATUS(CUDA_ERROR_NOT_FOUND, 500)                                                                                \
    STATUS(CUDA_ERROR_NOT_READY, 600)                                                                                \
    STATUS(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                                                                          \
    STATUS(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)                                                                  \
    STATUS(CUDA_ERROR_LAUNCH_FAILED, 719)                                                                            \
    STATUS(CUDA_ERROR_NOT_SUPPORTED, 801)                                                                            \
    STATUS(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, 900)                                                               \
    STATUS(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901)
#define ENUMERATED(status, number) status = number,
enum CudaStatus { CUDA_STATUSES(ENUMERATED) };
#undef ENUMERATED

namespace machine __attribute__((visibility("default"))) {
/* Counts a call of an entry point. Returns the status of an injected failure or of an earlier sticky error, otherwise 0. */
int enter(const char* function, bool driver);
/* Adds to the number of live handles of a kind. Every number is 0 when a program has released everything. */
void live(const char* kind, long change);
/* Records a violation. Only the first one is kept; the test reads it. */
void violation(const char* format, ...) __attribute__((format(printf, 1, 2)));
bool violated();
/* The directory of these libraries. Temporary files are created there. */
std::string folder();

/* Device memory is host memory with guard zones between the allocations. Each 4-byte word has a state. The memory is reserved
 * without being committed, so networks of the published sizes fit on a host with less memory. */
const size_t CAPACITY = size_t(8) << 30;
void* allocate(size_t bytes);            /* null if no free range is large enough */
bool release(void* address);             /* false if no allocation begins at the address */
size_t in_use();
size_t largest();                        /* maximum of in_use() so far */
/* Whether the device may read or write a range. Otherwise a violation is recorded. Reading requires that every word has been
 * written before. */
bool readable(const void* address, size_t bytes, const char* who);
bool writable(void* address, size_t bytes, const char* who);

enum : uint8_t { FREE, EMPTY, WRITTEN };
const char* describe(uint8_t state);
/* Reserves address space, at an address if one is given. Only pages that are used take memory. */
void* reserve(size_t bytes, void* at = nullptr) INTERNAL;
extern char* const memory INTERNAL;    /* CAPACITY bytes */
extern uint8_t* const states INTERNAL; /* one for each word */
/* Whether an address lies in device memory, and the index of its word. */
inline bool word_of(const void* address, size_t* word) {
    const size_t offset = (size_t) address - (size_t) memory;
    *word = offset / 4;
    return offset < CAPACITY;
}

/* The AddressSanitizer shadow of the process: the byte at SHADOW + address / 8 describes 8 bytes of memory. Kernels that are
 * compiled without race detection test it inline. The shadow byte of device memory is derived from the states of two words:
 * 0 if both are WRITTEN, 4 if only the first one is, otherwise 0xff. All other memory has 0. A value other than 0 calls
 * accesses.cpp, which decides by the states. */
const size_t SHADOW = size_t(1) << 44;
const size_t SHADOW_BYTES = size_t(1) << 44;
/* Derives the shadow of the words from first up to, not including, end. */
void update_shadow(size_t first, size_t end) INTERNAL;

/* A stream runs its work when the host waits for it, which is as late as a GPU may run it. A host that reuses a buffer too early
 * therefore fails on every run. During graph capture the work is recorded instead. */
typedef std::vector<std::function<int()>> Work;
struct Queued {
    std::function<int()> work;
    bool always; /* also runs after a sticky error, so that only leaks of the program are counted */
};
struct Stream {
    Work* capture = nullptr;
    std::deque<Queued> queue;
};
int submit(Stream* stream, std::function<int()> work);
void submit_always(Stream* stream, std::function<int()> work);
/* Runs queued work until a condition holds or the queue is empty. Returns the first status that is not 0, which is sticky. */
int finish(Stream* stream, const std::function<bool()>& enough);
int finish(Stream* stream);
/* Whether any stream has queued work other than freeing memory. */
bool is_busy();

struct Dim {
    unsigned x, y, z;
};
/* A kernel of a loaded module. */
struct Function {
    std::string name;
    void (*invoke)(void**);
    const size_t* sizes;          /* of the parameters, terminated by 0 */
    char *shared, *shared_end;    /* shared memory of all kernels of the module */
    unsigned dynamic_limit;       /* bytes of dynamic shared memory that a launch may have */
};
/* Whether the dimensions of a launch are valid. */
bool is_launch(Dim grid, Dim block);
/* Runs all blocks of a grid, one after another, with bytes of dynamic shared memory. Returns a CUresult. */
int run(const Function& kernel, void** parameters, Dim grid, Dim block, unsigned shared);

/* Whether kernels are compiled and run with race detection, which takes several times as long. */
bool detects_races();

/* The running thread. */
struct Running {
    const Function* kernel;
    unsigned thread;             /* index in the block */
    /* Blocks are numbered from 1 over all launches: this block, and the first one of this launch. */
    uint32_t block, first_block;
    /* Counts what orders accesses of the block: barriers and arrivals at them. Accesses before the time at which the block, or the warp
     * of the running thread, last passed a barrier happen before those of the thread. */
    uint32_t time, block_synced, warp_synced;
    size_t shared, shared_bytes; /* shared memory: address and size */
    unsigned dynamic_shared;     /* bytes that the launch states */
    /* Whether clocks.cpp checks shared memory: with race detection, if the launch has dynamic shared memory. Without clocks it is not
     * checked for races in a block that uses other barriers than those of the block and its warps. */
    bool clocked, other_barriers;
};
extern Running running INTERNAL;
/* Prepares the shadow memory of shared memory for a launch of running.kernel. */
void begin_launch() INTERNAL;
/* Records that the running thread accesses a word that it may not access. */
void broken_access(bool write, const char* what) INTERNAL;
/* Checks an access to shared memory that the running thread makes for an instruction. */
void check_shared(const void* address, size_t bytes, bool write) INTERNAL;
/* Checks a write to shared memory by the copy engine, which a barrier counts. */
void check_bulk_copy(const void* to, size_t bytes, unsigned barrier) INTERNAL;
/* Checks that a matrix product may read an operand from now on; that it could do so until now. */
void check_product_begins(const void* operand, size_t bytes) INTERNAL;
void check_product_ends(const void* operand, size_t bytes, uint32_t begun) INTERNAL;

/* ---- clocks.cpp. A barrier has a number: below MOST_BARRIERS for one in shared memory, from there on for a numbered one. ---- */
const unsigned MOST_BARRIERS = 64, NUMBERED = 16, MOST_SHARED = 1 << 18;
void begin_clocks() INTERNAL;
/* The running thread arrives at a barrier; a bulk copy to it has arrived; its phase is complete; the thread has waited for it. */
void clock_arrives(unsigned barrier) INTERNAL;
void clock_copied(unsigned barrier) INTERNAL;
void clock_completes(unsigned barrier) INTERNAL;
void clock_waited(unsigned barrier) INTERNAL;
/* A warp passes a barrier of its own. */
void clock_of_warp(unsigned warp) INTERNAL;
/* The running thread makes its stores visible to products. */
void clock_fences() INTERNAL;
/* Accesses of the running thread to a word of shared memory. A write is by a barrier's copy engine if its number is given. */
void clocked_read(size_t word) INTERNAL;
void clocked_write(size_t word, unsigned barrier = MOST_BARRIERS) INTERNAL;
void clocked_atomic(size_t word) INTERNAL;
void clocked_copy_arrives(size_t word, uint32_t begun) INTERNAL;
void clocked_product_begins(size_t word) INTERNAL;
void clocked_product_ends(size_t word, uint32_t begun) INTERNAL;
/* Checks an asynchronous read of global memory by the running thread. */
void check_copied(const void* from, size_t bytes) INTERNAL;

/* A condition that a thread waits for. */
struct Awaited {
    bool (*has_come)(const Awaited&);
    std::string (*describe)(const Awaited&);
    void* barrier;
    unsigned phase;
};
/* Lets the other threads run until the condition has come. */
void wait_until(const Awaited& what) INTERNAL;
/* What a thread from *thread on waits for, or null; *thread becomes the number after it. */
const Awaited* next_awaited(unsigned* thread) INTERNAL;
/* Lets the running thread wait until all lanes of its warp have called this and compute_products has run. */
void wait_for_products() INTERNAL;
/* Computes the products that the lanes of a warp wait for. */
void compute_products(unsigned warp, bool whole) INTERNAL;

/* Forgets the barriers and products of the block before. */
void begin_barriers() INTERNAL;
void begin_products() INTERNAL;
/* Checks that nothing is under way when the block ends. */
void end_barriers() INTERNAL;
void end_products(unsigned threads) INTERNAL;
/* Completes the bulk copies of one barrier that a thread waits for. Called when no thread can run: copies arrive as late as they
 * may. Returns false if there are none. */
bool land_bulk_copies() INTERNAL;
}  // namespace machine

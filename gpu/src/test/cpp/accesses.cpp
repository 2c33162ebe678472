/* The simulated CUDA machine: checks of every access of a kernel to device memory and shared memory.
 *
 * An access must be within an allocation, aligned to its size, and must not read a word before it was written. Two accesses of
 * different threads of a launch to the same word, at least one of them a write, are a data race unless a barrier orders them
 * (happens-before). A barrier of the block orders accesses of the same block, a barrier of the warp those of the same warp.
 * Nothing orders accesses of different blocks. Atomic operations do not race with each other, but a barrier of the block must
 * separate them from other accesses. The checks do not depend on the order in which the fibers run. */
#include "machine.h"
#include <stdio.h>
#include <string.h>

using machine::running;
extern "C" machine::Dim sim_thread, sim_block;
extern "C" void sim_broken(const char* rule);

#define RARE __attribute__((noinline, cold))
#define INLINE inline __attribute__((always_inline))

namespace {
/* Shadow of a word for race detection: the last write, and the reads since the last barrier. */
struct Touch {
    uint32_t written_in, read_in; /* numbers of blocks, 0 for none */
    uint32_t written_at, read_at; /* times */
    uint16_t writer, reader;      /* a thread, or one of the following */
};
/* Several threads: of one warp (its index is added), of one block, of several blocks. Atomic operations are recorded as writes by
 * several threads. */
const uint32_t NOW = 0; /* no access is at this time */
const uint16_t OF_ONE_WARP = 0x4000, OF_THE_BLOCK = 0x8000, OF_SEVERAL_BLOCKS = 0xc000, SEVERAL = 0xc000;

Touch* const device_touches = (Touch*) machine::reserve(machine::CAPACITY / 4 * sizeof(Touch));
std::vector<Touch> shared_touches;

RARE void broken(bool write, const char* what) { machine::broken_access(write, what); }

RARE void raced(bool write, const char* did, uint32_t block, uint16_t other) {
    char text[160];
    if (block != running.block || other == OF_SEVERAL_BLOCKS) {
        snprintf(text, sizeof text, "a word that another block has %s", did);
    } else if ((other & SEVERAL) != 0) {
        snprintf(text, sizeof text, "a word that several threads have %s, without a barrier in between", did);
    } else {
        snprintf(text, sizeof text, "a word that thread %u of its block has %s, without a barrier in between", (unsigned) other, did);
    }
    broken(write, text);
}

/* Whether an earlier access of this block happens before an access of this thread. For the arrival of a copy that has begun at a time,
 * only later accesses count, because the others were checked at that time. */
INLINE bool ordered(uint16_t who, uint32_t at, uint32_t begun) {
    if (who == running.thread) return true;
    if (begun != NOW) return at < begun;
    if (at < running.block_synced) return true;
    if ((who & SEVERAL) == OF_THE_BLOCK) return false;
    const unsigned warp = (who & SEVERAL) == OF_ONE_WARP ? who & ~SEVERAL : who / 32;
    return warp == running.thread / 32 && at < running.warp_synced;
}

/* Whether an access is irrelevant: it belongs to an earlier launch or, for shared memory, to an earlier block. */
template <bool DEVICE>
INLINE bool past(uint32_t block) { return DEVICE ? block < running.first_block : block != running.block; }

template <bool DEVICE>
INLINE bool conflicts(uint32_t block, uint16_t who, uint32_t at, uint32_t begun) {
    if (past<DEVICE>(block)) return false;
    return block != running.block || who == OF_SEVERAL_BLOCKS || !ordered(who, at, begun);
}

/* Adds this thread to the readers of a word. */
template <bool DEVICE>
INLINE void add_reader(Touch& word) {
    const uint16_t kind = word.reader & SEVERAL;
    uint16_t all = (uint16_t) running.thread;
    if (word.read_in == running.block) {
        if (word.read_at == running.time && word.reader == all) return;
        if (kind == OF_SEVERAL_BLOCKS) {
            all = OF_SEVERAL_BLOCKS;
        } else if (word.read_at >= running.block_synced && word.reader != all) {
            if (kind == OF_THE_BLOCK) return;
            const unsigned warp = running.thread / 32;
            const bool of_warp = (kind == 0 ? word.reader / 32u : word.reader & ~SEVERAL & 0xffffu) == warp;
            all = of_warp ? OF_ONE_WARP | warp : OF_THE_BLOCK;
        }
    } else if (!past<DEVICE>(word.read_in)) {
        if (kind == OF_SEVERAL_BLOCKS) return;
        all = OF_SEVERAL_BLOCKS;
    }
    word.reader = all;
    word.read_in = running.block;
    word.read_at = running.time;
}

template <bool DEVICE>
INLINE void read(Touch& word, uint32_t begun) {
    if (conflicts<DEVICE>(word.written_in, word.writer, word.written_at, begun)) raced(false, "written", word.written_in, word.writer);
    add_reader<DEVICE>(word);
}

template <bool DEVICE>
INLINE void write(Touch& word, uint32_t begun) {
    if (conflicts<DEVICE>(word.written_in, word.writer, word.written_at, begun)) raced(true, "written", word.written_in, word.writer);
    if (conflicts<DEVICE>(word.read_in, word.reader, word.read_at, begun)) raced(true, "read", word.read_in, word.reader);
    word.writer = (uint16_t) running.thread;
    word.written_in = running.block;
    word.written_at = running.time;
}

/* An atomic read and write. For accesses that are not atomic it counts as a write by all threads of the block; for other atomic
 * operations it does not count. A barrier must also separate it from an earlier write of its own thread, because the shadow
 * of that write is overwritten here. */
template <bool DEVICE>
void update(Touch& word) {
    const bool counts = !past<DEVICE>(word.written_in), atomic = (word.writer & SEVERAL) != 0, here = word.written_in == running.block;
    if (counts && !atomic && (!here || word.written_at >= running.block_synced)) {
        raced(true, "written", word.written_in, word.writer);
    }
    if (conflicts<DEVICE>(word.read_in, word.reader, word.read_at, NOW)) raced(true, "read", word.read_in, word.reader);
    const bool by_others = counts && atomic && (!here || word.writer == OF_SEVERAL_BLOCKS);
    word.writer = by_others ? OF_SEVERAL_BLOCKS : OF_THE_BLOCK;
    word.written_in = running.block;
    word.written_at = running.time;
}

enum Access { READ, WRITE, ATOMIC };
bool races = true;

template <bool DEVICE, Access ACCESS>
INLINE void touch(Touch& word, uint32_t begun) {
    if (ACCESS == READ) read<DEVICE>(word, begun);
    else if (ACCESS == WRITE) write<DEVICE>(word, begun);
    else update<DEVICE>(word);
}

template <Access ACCESS>
INLINE void device_word(size_t word, uint32_t begun) {
    const uint8_t state = machine::states[word];
    if (__builtin_expect(state != machine::WRITTEN, 0)) {
        if (state == machine::FREE || ACCESS != WRITE) {
            broken(ACCESS == WRITE, machine::describe(state));
            return;
        }
        machine::states[word] = machine::WRITTEN;
        machine::update_shadow(word, word + 1);
    }
    if (races) touch<true, ACCESS>(device_touches[word], begun);
}

template <Access ACCESS>
INLINE void clocked_word(size_t word, uint32_t begun) {
    if (word >= machine::MOST_SHARED / 4) return; /* reported when the launch began */
    if (begun != NOW) machine::clocked_copy_arrives(word, begun);
    else if (ACCESS == READ) machine::clocked_read(word);
    else if (ACCESS == WRITE) machine::clocked_write(word);
    else machine::clocked_atomic(word);
}

template <Access ACCESS>
INLINE void shared_word(Touch& word, uint32_t begun) {
    if (ACCESS != WRITE && word.written_in != running.block) broken(false, "shared memory that was never written");
    else if (!running.other_barriers) touch<false, ACCESS>(word, begun);
    else if (ACCESS != READ) word.written_in = running.block;
}

/* Checks an access that takes place now, or the arrival of a copy that began at a time. Addresses that are neither device memory nor shared
 * memory belong to a thread's stack or to constants. */
template <Access ACCESS>
INLINE void accessed(const void* address, size_t bytes, uint32_t begun) {
    const size_t count = ((size_t) address % 4 + bytes + 3) / 4, shared = (size_t) address - running.shared;
    size_t word;
    if (machine::word_of(address, &word)) {
        for (size_t i = 0; i < count; i++) device_word<ACCESS>(word + i, begun);
    } else if (shared < running.shared_bytes && running.clocked) {
        for (size_t i = 0; i < count; i++) clocked_word<ACCESS>(shared / 4 + i, begun);
    } else if (shared < running.shared_bytes && races) {
        for (size_t i = 0; i < count; i++) shared_word<ACCESS>(shared_touches[shared / 4 + i], begun);
    }
}
}  // namespace

void machine::broken_access(bool write, const char* what) {
    machine::violation(
            "%s: block (%u, %u, %u), thread (%u, %u, %u) %s %s", running.kernel->name.c_str(), sim_block.x, sim_block.y,
            sim_block.z, sim_thread.x, sim_thread.y, sim_thread.z, write ? "writes" : "reads", what);
}

bool machine::detects_races() { return races; }

void machine::begin_launch() {
    running.shared = (size_t) running.kernel->shared;
    running.shared_bytes = (size_t) (running.kernel->shared_end - running.kernel->shared);
    const size_t words = running.shared_bytes / 4 + 8; /* an access may extend beyond the end */
    if (shared_touches.size() < words) shared_touches.resize(words);
}

/* Turns race detection on or off, for kernels that are compiled from now on. Without it shared memory is not checked. */
API void sim_detect_races(int on) { races = on != 0; }

/* ---- With race detection: -fsanitize=thread makes the compiler call these before each access that other threads may see. ---- */

#define ACCESS(n)                                                                                     \
    API void __tsan_read##n(void* address) { accessed<READ>(address, n, NOW); }              \
    API void __tsan_write##n(void* address) { accessed<WRITE>(address, n, NOW); }            \
    API void __tsan_unaligned_read##n(void* address) { accessed<READ>(address, n, NOW); }    \
    API void __tsan_unaligned_write##n(void* address) { accessed<WRITE>(address, n, NOW); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
API void __tsan_read_range(void* address, size_t bytes) { accessed<READ>(address, bytes, NOW); }
API void __tsan_write_range(void* address, size_t bytes) { accessed<WRITE>(address, bytes, NOW); }
API void __tsan_init() {}

/* ---- Without: -fsanitize=kernel-address makes the compiler test the shadow byte inline and call these if it is not 0. ---- */

#define REPORTED(n)                                                                                          \
    API void __asan_report_load##n##_noabort(void* address) { accessed<READ>(address, n, NOW); }    \
    API void __asan_report_store##n##_noabort(void* address) { accessed<WRITE>(address, n, NOW); }
REPORTED(1)
REPORTED(2)
REPORTED(4)
REPORTED(8)
REPORTED(16)
API void __asan_report_load_n_noabort(void* address, size_t n) { accessed<READ>(address, n, NOW); }
API void __asan_report_store_n_noabort(void* address, size_t n) { accessed<WRITE>(address, n, NOW); }
API void __asan_handle_no_return() {}

/* ---- -fsanitize=alignment makes the compiler call this if an address is not aligned to its type. ---- */

API void __ubsan_handle_type_mismatch_v1(void*, void*) { sim_broken("an access whose address is not a multiple of its size"); }

/* ---- store_agreed: stores of the same value by several threads do not race with each other. ---- */

API void sim_store_agreed(float* to, float value) {
    size_t word;
    if (!machine::word_of(to, &word)) {
        sim_broken("store_agreed to an address outside device memory");
        return;
    }
    if (machine::states[word] == machine::WRITTEN && memcmp(to, &value, sizeof value) == 0) return;
    accessed<WRITE>(to, sizeof value, NOW);
    *to = value;
}

/* ---- Atomic operations. ---- */

API void sim_atomic(void* word) { accessed<ATOMIC>(word, 4, NOW); }

/* ---- Asynchronous copies: they may write at any time between their start and the wait for them. ---- */

API unsigned sim_copy_begins(void* to, const void* from, unsigned bytes) {
    if (from != nullptr) accessed<READ>(from, bytes, NOW);
    accessed<WRITE>(to, bytes, NOW);
    return running.time;
}

API void sim_copy_arrives(void* to, const void* from, unsigned bytes, unsigned begun) {
    if (from != nullptr) accessed<READ>(from, bytes, NOW);
    accessed<WRITE>(to, bytes, begun);
    if (from != nullptr) memcpy(to, from, bytes);
    else memset(to, 0, bytes);
}

/* ---- Other instructions. ---- */

void machine::check_shared(const void* address, size_t bytes, bool write) {
    if (write) accessed<WRITE>(address, bytes, NOW);
    else accessed<READ>(address, bytes, NOW);
}

void machine::check_copied(const void* from, size_t bytes) { accessed<READ>(from, bytes, NOW); }

void machine::check_bulk_copy(const void* to, size_t bytes, unsigned barrier) {
    if (!running.clocked) return check_shared(to, bytes, true);
    const size_t first = ((size_t) to - running.shared) / 4;
    for (size_t i = 0; i < bytes / 4; i++) clocked_write(first + i, barrier);
}

void machine::check_product_begins(const void* operand, size_t bytes) {
    if (!running.clocked) return check_shared(operand, bytes, false);
    const size_t first = ((size_t) operand - running.shared) / 4;
    for (size_t i = 0; i < bytes / 4; i++) clocked_product_begins(first + i);
}

void machine::check_product_ends(const void* operand, size_t bytes, uint32_t begun) {
    if (!running.clocked) return check_shared(operand, bytes, false);
    const size_t first = ((size_t) operand - running.shared) / 4;
    for (size_t i = 0; i < bytes / 4; i++) clocked_product_ends(first + i, begun);
}

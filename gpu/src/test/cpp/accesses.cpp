/* The simulated CUDA machine: every access of a kernel to device and shared memory. Both must be there, aligned to the width of the
 * access, and written before they are read; and what two threads of a launch do with one word, of which one writes it, needs a barrier
 * between: of the block, or of the warp for two of one warp. Between blocks there is none. Atomic operations may meet in a word; from other
 * accesses a barrier of the block has to keep them apart. That threads happen to run one after another here hides none of it. */
#include "machine.h"
#include <stdio.h>
#include <string.h>
#include <memory>

using machine::running;
extern "C" machine::Dim sim_thread, sim_block;
extern "C" void sim_broken(const char* rule);

namespace {
/* Who wrote a word last, and who has read it since the last barrier. */
struct Touch {
    uint32_t written_in, read_in; /* blocks, 0 for none */
    uint32_t written_at, read_at; /* times */
    uint16_t writer, reader;      /* threads; of several readers, and of whoever wrote by an atomic operation, one of these: */
};
const uint16_t OF_ONE_WARP = 0x4000, OF_THE_BLOCK = 0x8000, OF_SEVERAL_BLOCKS = 0xc000, SEVERAL = 0xc000;

const size_t PAGE = 1 << 16;
std::unique_ptr<Touch[]> pages[machine::CAPACITY / 4 / PAGE];
std::vector<Touch> shared; /* of all kernels of a module, each of which has its own part */

void broken(bool write, const char* what) {
    machine::violation(
            "%s: block (%u, %u, %u), thread (%u, %u, %u) %s %s", running.kernel->name.c_str(), sim_block.x, sim_block.y,
            sim_block.z, sim_thread.x, sim_thread.y, sim_thread.z, write ? "writes" : "reads", what);
}

void raced(bool write, const char* did, uint32_t block, uint16_t other) {
    char text[160];
    if (block != running.block || other == OF_SEVERAL_BLOCKS) {
        snprintf(text, sizeof text, "what another block has %s", did);
    } else if ((other & SEVERAL) != 0) {
        snprintf(text, sizeof text, "what several threads have %s, with no barrier between", did);
    } else {
        snprintf(text, sizeof text, "what thread %u of its block has %s, with no barrier between", (unsigned) other, did);
    }
    broken(write, text);
}

/* Whether a barrier lies between an access by some of this block and this thread at another time, or both are this thread's. */
bool ordered(uint16_t who, uint32_t at, uint32_t now) {
    if (who == running.thread || at >> 16 < now >> 16) return true;
    if ((who & SEVERAL) == OF_THE_BLOCK) return false;
    const unsigned warp = (who & SEVERAL) == OF_ONE_WARP ? who & ~SEVERAL : who / 32;
    return warp == running.thread / 32 && at < now;
}

/* Whether an access no longer matters: of an earlier launch, or to what was the shared memory of another block. */
bool past(bool device, uint32_t block) { return device ? block < running.first_block : block != running.block; }

bool conflicts(bool device, uint32_t block, uint16_t who, uint32_t at, uint32_t now) {
    if (past(device, block)) return false;
    return block != running.block || who == OF_SEVERAL_BLOCKS || !ordered(who, at, now);
}

/* Whoever has read the word since the last barrier, with this thread. */
uint16_t readers(bool device, const Touch& word) {
    if (!past(device, word.read_in) && (word.read_in != running.block || word.reader == OF_SEVERAL_BLOCKS)) return OF_SEVERAL_BLOCKS;
    const bool before = word.read_in == running.block && word.read_at >> 16 == running.time >> 16;
    if (!before || word.reader == running.thread) return running.thread;
    const unsigned warp = running.thread / 32, kind = word.reader & SEVERAL;
    const bool of_warp = kind == 0 ? word.reader / 32u == warp : kind == OF_ONE_WARP && (word.reader & ~SEVERAL & 0xffffu) == warp;
    return of_warp ? OF_ONE_WARP | warp : OF_THE_BLOCK;
}

void touch(bool device, Touch& word, bool write, uint32_t now) {
    if (conflicts(device, word.written_in, word.writer, word.written_at, now)) {
        raced(write, "written", word.written_in, word.writer);
    }
    if (write) {
        if (conflicts(device, word.read_in, word.reader, word.read_at, now)) raced(write, "read", word.read_in, word.reader);
        word.writer = running.thread;
        word.written_in = running.block;
        word.written_at = running.time;
    } else {
        word.reader = readers(device, word);
        word.read_in = running.block;
        word.read_at = running.time;
    }
}

/* A word read and written at once: for all others as if the whole block had written it, for other atomic operations as if nobody had.
 * Its own thread's earlier write needs the barrier too, because what is kept of it is forgotten here. */
void touch_at_once(bool device, Touch& word) {
    const bool counts = !past(device, word.written_in), at_once = (word.writer & SEVERAL) != 0, here = word.written_in == running.block;
    if (counts && !at_once && (!here || word.written_at >> 16 == running.time >> 16)) raced(true, "written", word.written_in, word.writer);
    if (conflicts(device, word.read_in, word.reader, word.read_at, running.time)) raced(true, "read", word.read_in, word.reader);
    const bool by_others = counts && at_once && (!here || word.writer == OF_SEVERAL_BLOCKS);
    word.writer = by_others ? OF_SEVERAL_BLOCKS : OF_THE_BLOCK;
    word.written_in = running.block;
    word.written_at = running.time;
}

enum Access { READ, WRITE, AT_ONCE };
bool races = true;

void touch(bool device, Touch& word, Access access, uint32_t now) {
    if (access == AT_ONCE) touch_at_once(device, word);
    else touch(device, word, access == WRITE, now);
}

void device_word(uint8_t& state, size_t word, Access access, uint32_t now) {
    if (state == machine::FREE || (state == machine::EMPTY && access != WRITE)) {
        broken(access == WRITE, machine::describe(state));
        return;
    }
    if (access == WRITE) state = machine::WRITTEN;
    if (!races) return;
    auto& page = pages[word / PAGE];
    if (page == nullptr) page.reset(new Touch[PAGE]());
    touch(true, page[word % PAGE], access, now);
}

void shared_word(size_t word, Access access, uint32_t now) {
    if (word >= shared.size()) shared.resize((size_t) (running.kernel->shared_end - running.kernel->shared + 3) / 4);
    if (access != WRITE && shared[word].written_in != running.block) {
        broken(false, "shared memory that nothing wrote");
        return;
    }
    touch(false, shared[word], access, now);
}

/* An access that may have been made at any time from {@code now} on. */
void accessed(const void* address, size_t bytes, Access access, uint32_t now) {
    const char* at = (const char*) address;
    size_t word = 0;
    uint8_t* state = machine::state_of(address, &word);
    const bool is_shared = at >= running.kernel->shared && at < running.kernel->shared_end;
    if (state == nullptr && !(is_shared && races)) return; /* the thread's stack, a constant */
    const size_t count = ((size_t) address % 4 + bytes + 3) / 4;
    for (size_t i = 0; i < count; i++) {
        if (is_shared) shared_word((size_t) (at - running.kernel->shared) / 4 + i, access, now);
        else device_word(state[i], word + i, access, now);
    }
}
}  // namespace

bool machine::watches_races() { return races; }

/* Whether kernels that are compiled from now on are watched for races, and in shared memory at all. */
API void sim_watch_races(int watch) { races = watch != 0; }

/* ---- The compiler calls these, because of -fsanitize=thread, before every access that other threads might see ... ---- */

#define ACCESS(n)                                                                                     \
    API void __tsan_read##n(void* address) { accessed(address, n, READ, running.time); }              \
    API void __tsan_write##n(void* address) { accessed(address, n, WRITE, running.time); }            \
    API void __tsan_unaligned_read##n(void* address) { accessed(address, n, READ, running.time); }    \
    API void __tsan_unaligned_write##n(void* address) { accessed(address, n, WRITE, running.time); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
API void __tsan_read_range(void* address, size_t bytes) { accessed(address, bytes, READ, running.time); }
API void __tsan_write_range(void* address, size_t bytes) { accessed(address, bytes, WRITE, running.time); }
API void __tsan_init() {}

/* ---- ... or, where races are left alone, these, because of -fsanitize=kernel-address, before most accesses ... ---- */

#define STATED(n)                                                                                      \
    API void __asan_load##n##_noabort(void* address) { accessed(address, n, READ, running.time); }     \
    API void __asan_store##n##_noabort(void* address) { accessed(address, n, WRITE, running.time); }
STATED(1)
STATED(2)
STATED(4)
STATED(8)
STATED(16)
API void __asan_loadN_noabort(void* address, size_t n) { accessed(address, n, READ, running.time); }
API void __asan_storeN_noabort(void* address, size_t n) { accessed(address, n, WRITE, running.time); }
API void __asan_handle_no_return() {}

/* ---- ... and because of -fsanitize=alignment where a pointer is no multiple of what its type asks for. ---- */

API void __ubsan_handle_type_mismatch_v1(void*, void*) { sim_broken("an access whose address is no multiple of its size"); }

/* ---- Stores of one value by several threads: races neither with each other nor with what came before. ---- */

API void sim_store_agreed(float* to, float value) {
    size_t word = 0;
    uint8_t* state = machine::state_of(to, &word);
    if (state == nullptr) {
        sim_broken("a store of what is agreed to no device memory");
        return;
    }
    if (*state == machine::WRITTEN && memcmp(to, &value, sizeof value) == 0) return;
    accessed(to, sizeof value, WRITE, running.time);
    *to = value;
}

/* ---- Atomic operations. ---- */

API void sim_atomic(void* word) { accessed(word, 4, AT_ONCE, running.time); }

/* ---- Asynchronous copies: they may write at any time from their beginning on, until the wait for them. ---- */

API unsigned sim_copy_begins(void* to, const void* from, unsigned bytes) {
    accessed(from, bytes, READ, running.time);
    accessed(to, bytes, WRITE, running.time);
    return running.time;
}

API void sim_copy_arrives(void* to, const void* from, unsigned bytes, unsigned begun) {
    accessed(from, bytes, READ, running.time);
    accessed(to, bytes, WRITE, begun);
    memcpy(to, from, bytes);
}

/* The simulated CUDA machine: data races in the shared memory of blocks that use other barriers than those of the block and its warps.
 *
 * These order accesses of some threads of a block, so each thread has a clock: for every other thread the time up to which that
 * thread's accesses happen before its own. Who arrives at a barrier adds its clock to that of the barrier; who waits for the barrier
 * joins the result. A bulk copy is an access by the copy engine, which has a clock entry for each barrier. A matrix product is read by
 * its warp from the time at which it is issued to the time at which the warp waits for it. */
#include "machine.h"
#include <string.h>

using machine::running;
extern "C" machine::Dim sim_block_size;

namespace {
const unsigned ENGINES = machine::MOST_BARRIERS, THREADS = 1024, WARP = 32;
/* Entries of the barriers' copy engines, then those of the threads. */
typedef uint32_t Clock[ENGINES + THREADS];

Clock of_threads[THREADS], of_warps[THREADS / WARP];
/* Of each barrier: what its current phase has gathered, and what the phase before has. */
Clock gathered[ENGINES + machine::NUMBERED], completed[ENGINES + machine::NUMBERED];
uint32_t fences[THREADS];        /* when a thread last made its stores visible to products */
uint32_t joined[THREADS / WARP]; /* the lanes that have joined a barrier since the last barrier of the warp */
unsigned threads, entries;

/* Accesses to a word in the running block. Times are 0 if there was none. */
struct Word {
    uint32_t block, written_at;
    uint16_t writer; /* an entry of a clock */
    bool atomic, read, multiplied;
};
std::vector<Word> words;
uint32_t* const reads = (uint32_t*) machine::reserve((machine::MOST_SHARED / 4 + 8) * THREADS * sizeof(uint32_t));
uint32_t* const products = (uint32_t*) machine::reserve((machine::MOST_SHARED / 4 + 8) * (THREADS / WARP) * sizeof(uint32_t));

Word& word_at(size_t index) {
    Word& word = words[index];
    if (word.block != running.block) word = {running.block, 0, 0, false, false, false};
    return word;
}

/* Of a word, since it was last written: when each thread last read it, and when each warp last multiplied it. */
uint32_t* reads_of(size_t index) { return reads + index * threads; }
uint32_t* products_of(size_t index) { return products + index * (THREADS / WARP); }

void join(Clock& to, const Clock& from) {
    for (unsigned i = 0; i < entries; i++) to[i] = to[i] > from[i] ? to[i] : from[i];
}

/* The time up to which accesses of an entry happen before those of the running thread. */
uint32_t limit(unsigned entry) {
    const uint32_t own = of_threads[running.thread][entry], warp = of_warps[running.thread / WARP][entry];
    return std::max(std::max(own, warp), running.block_synced);
}

bool is_known(unsigned entry, uint32_t at) { return entry == ENGINES + running.thread || at < limit(entry); }

void raced(bool write, const char* did, unsigned entry) {
    const std::string who = entry < ENGINES ? "a bulk copy" : "thread " + std::to_string(entry - ENGINES) + " of its block";
    machine::broken_access(write, ("a word that " + who + " has " + did + ", without a barrier in between").c_str());
}

void check_written(const Word& word, bool write) {
    if (word.written_at != 0 && !is_known(word.writer, word.written_at)) raced(write, "written", word.writer);
}

/* Checks that reads and products from a time on happen before a write of the running thread. From 0 the clocks decide. */
void check_read(size_t index, Word& word, uint32_t from) {
    const uint32_t *own = of_threads[running.thread], *warp = of_warps[running.thread / WARP];
    if (word.read) {
        uint32_t* times = reads_of(index);
        times[running.thread] = 0;
        bool conflict = false;
        for (unsigned i = 0; i < threads; i++) {
            const uint32_t known = from != 0 ? from : std::max(std::max(own[ENGINES + i], warp[ENGINES + i]), running.block_synced);
            conflict |= times[i] != 0 && times[i] >= known;
        }
        for (unsigned i = 0; conflict && i < threads; i++) {
            if (times[i] != 0 && times[i] >= (from != 0 ? from : limit(ENGINES + i))) raced(true, "read", ENGINES + i);
        }
    }
    if (!word.multiplied) return;
    for (unsigned w = 0; w < (threads + WARP - 1) / WARP; w++) {
        const uint32_t at = products_of(index)[w];
        if (at == 0 || at < (from != 0 ? from : limit(ENGINES + w * WARP))) continue;
        machine::broken_access(
                true, ("a word that a matrix product of warp " + std::to_string(w) + " has read, without a barrier in between").c_str());
    }
}

void set_writer(Word& word, unsigned entry) {
    word.writer = (uint16_t) entry;
    word.written_at = running.time;
    word.read = word.multiplied = word.atomic = false;
}
}  // namespace

void machine::begin_clocks() {
    threads = sim_block_size.x * sim_block_size.y * sim_block_size.z;
    entries = ENGINES + threads;
    const size_t bytes = entries * sizeof(uint32_t);
    for (unsigned i = 0; i < threads; i++) memset(of_threads[i], 0, bytes);
    for (unsigned i = 0; i < (threads + WARP - 1) / WARP; i++) memset(of_warps[i], 0, bytes);
    for (unsigned i = 0; i < ENGINES + NUMBERED; i++) {
        memset(gathered[i], 0, bytes);
        memset(completed[i], 0, bytes);
    }
    memset(fences, 0, sizeof fences);
    memset(joined, 0, sizeof joined);
    if (words.empty()) words.resize(MOST_SHARED / 4 + 8);
}

void machine::clock_arrives(unsigned barrier) {
    if (!running.clocked) return;
    of_threads[running.thread][ENGINES + running.thread] = ++running.time;
    join(gathered[barrier], of_threads[running.thread]);
    join(gathered[barrier], of_warps[running.thread / WARP]);
}

void machine::clock_copied(unsigned barrier) { gathered[barrier][barrier] = ++running.time; }

void machine::clock_completes(unsigned barrier) {
    if (running.clocked) memcpy(completed[barrier], gathered[barrier], sizeof(uint32_t) * entries);
}

void machine::clock_waited(unsigned barrier) {
    if (!running.clocked) return;
    join(of_threads[running.thread], completed[barrier]);
    joined[running.thread / WARP] |= 1u << running.thread % WARP;
}

void machine::clock_of_warp(unsigned warp) {
    if (!running.clocked) return;
    for (uint32_t rest = joined[warp]; rest != 0; rest &= rest - 1) {
        join(of_warps[warp], of_threads[warp * WARP + (unsigned) __builtin_ctz(rest)]);
    }
    joined[warp] = 0;
    for (unsigned lane = 0; lane < WARP; lane++) of_warps[warp][ENGINES + warp * WARP + lane] = running.time;
}

void machine::clock_fences() {
    if (running.clocked) fences[running.thread] = ++running.time;
}

void machine::clocked_read(size_t index) {
    Word& word = word_at(index);
    if (word.written_at == 0) {
        broken_access(false, "shared memory that was never written");
        return;
    }
    check_written(word, false);
    uint32_t* times = reads_of(index);
    if (!word.read) memset(times, 0, threads * sizeof *times);
    word.read = true;
    times[running.thread] = running.time;
}

void machine::clocked_write(size_t index, unsigned barrier) {
    Word& word = word_at(index);
    check_written(word, true);
    check_read(index, word, 0);
    set_writer(word, barrier < ENGINES ? barrier : ENGINES + running.thread);
}

void machine::clocked_atomic(size_t index) {
    Word& word = word_at(index);
    if (word.written_at == 0) broken_access(false, "shared memory that was never written");
    if (!word.atomic) check_written(word, true);
    check_read(index, word, 0);
    set_writer(word, ENGINES + running.thread);
    word.atomic = true;
}

void machine::clocked_copy_arrives(size_t index, uint32_t begun) {
    Word& word = word_at(index);
    if (word.writer != ENGINES + running.thread || word.written_at != begun) raced(true, "written", word.writer);
    check_read(index, word, begun);
    set_writer(word, ENGINES + running.thread);
}

void machine::clocked_product_begins(size_t index) {
    Word& word = word_at(index);
    if (word.written_at == 0) {
        broken_access(false, "shared memory that was never written, in a matrix product");
        return;
    }
    check_written(word, false);
    if (word.writer < ENGINES || fences[word.writer - ENGINES] > word.written_at || fences[running.thread] > word.written_at) return;
    broken_access(false, "a word that was not made visible to matrix products, in a matrix product");
}

void machine::clocked_product_ends(size_t index, uint32_t begun) {
    Word& word = word_at(index);
    if (word.written_at >= begun) raced(false, "written", word.writer);
    uint32_t* times = products_of(index);
    if (!word.multiplied) memset(times, 0, sizeof *times * (THREADS / WARP));
    word.multiplied = true;
    times[running.thread / WARP] = running.time;
}

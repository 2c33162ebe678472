/* The simulated CUDA machine: device memory, call counters, injected failures, and the threads of a block as fibers. */
#include "machine.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <map>
#include <mutex>
#include <string>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace machine {
namespace {
std::mutex lock;
std::map<std::string, long> calls, handles;
std::string first_violation;

struct Failure {
    std::string function;
    long countdown;
    int status;
    bool sticky;
} planned{"", 0, 0, false};
int dead = 0; /* the sticky error */

const size_t GUARD = 4096, HUGE_PAGE = 2 << 20 /* a huge page */;
std::map<size_t, size_t> blocks; /* offset and size of each allocation */
size_t used, peak;
long queued;

void require(bool done, const char* what) {
    if (done) return;
    fprintf(stderr, "simulated CUDA machine: %s\n", what);
    abort();
}

}  // namespace

/* Huge pages, because kernels walk down columns of matrices: with small pages each access would miss the TLB. */
void* reserve(size_t bytes, void* at) {
    const int fixed = at == nullptr ? 0 : MAP_FIXED;
    void* begin = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
    require(begin != MAP_FAILED, "cannot reserve memory");
    madvise(begin, bytes, MADV_HUGEPAGE);
    return begin;
}

/* Aligned so that the shadow of device memory begins at a huge page. */
char* const memory = (char*) (((size_t) reserve(CAPACITY + 8 * HUGE_PAGE) + 8 * HUGE_PAGE - 1) / (8 * HUGE_PAGE) * (8 * HUGE_PAGE));
uint8_t* const states = (uint8_t*) reserve(CAPACITY / 4);

namespace {
/* The shadow reads as 0, except for that of device memory, which is 0xff at first. One file with that content is mapped again and
 * again, so that shadow takes memory only where something has been allocated. */
uint8_t* reserve_shadow() {
    void* all = mmap((void*) SHADOW, SHADOW_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    require(all == (void*) SHADOW, "cannot reserve shadow memory");
    madvise(all, SHADOW_BYTES, MADV_DONTDUMP);
    const int file = memfd_create("simulated CUDA machine", 0);
    require(file >= 0, "cannot create the initial shadow memory");
    const std::string content(HUGE_PAGE, '\xff');
    require(write(file, content.data(), HUGE_PAGE) == (ssize_t) HUGE_PAGE, "cannot write the initial shadow memory");
    uint8_t* const begin = (uint8_t*) (SHADOW + (size_t) memory / 8);
    for (size_t at = 0; at < CAPACITY / 8; at += HUGE_PAGE) {
        void* mapped = mmap(begin + at, HUGE_PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
        require(mapped == begin + at, "cannot map shadow memory");
    }
    close(file);
    return begin;
}

uint8_t* const shadow = reserve_shadow();
size_t writable_shadow;

/* Makes the shadow of the first bytes of device memory writable. */
void extend_shadow(size_t bytes) {
    for (; writable_shadow < (bytes + 7) / 8; writable_shadow += HUGE_PAGE) {
        memset(reserve(HUGE_PAGE, shadow + writable_shadow), 0xff, HUGE_PAGE);
    }
}

bool inside(const void* address) {
    size_t word;
    return word_of(address, &word);
}
}  // namespace

void update_shadow(size_t first, size_t end) {
    for (size_t i = first / 2; i < (end + 1) / 2; i++) {
        shadow[i] = states[2 * i] != WRITTEN ? 0xff : states[2 * i + 1] != WRITTEN ? 4 : 0;
    }
}

int enter(const char* function, bool driver) {
    std::lock_guard<std::mutex> held(lock);
    calls[function]++;
    if (planned.function == function && --planned.countdown == 0) {
        if (planned.sticky) dead = planned.status;
        return planned.status;
    }
    return driver ? dead : 0;
}

void live(const char* kind, long change) {
    std::lock_guard<std::mutex> held(lock);
    handles[kind] += change;
}

void violation(const char* format, ...) {
    if (!first_violation.empty()) return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    first_violation = text;
}

bool violated() { return !first_violation.empty(); }

std::string folder() {
    Dl_info here;
    dladdr((void*) folder, &here);
    const std::string path = here.dli_fname;
    return path.substr(0, path.rfind('/'));
}

namespace {
void mark(size_t first, size_t end, uint8_t state) {
    memset(states + first, state, end - first);
    update_shadow(first, end);
}
}  // namespace

void* allocate(size_t bytes) {
    const size_t padded = (bytes + 255) / 256 * 256;
    size_t at = GUARD;
    for (auto& block : blocks) {
        if (block.first >= at + padded + GUARD) break;
        at = block.first + (block.second + 255) / 256 * 256 + GUARD;
    }
    if (at + padded + GUARD > CAPACITY) return nullptr;
    extend_shadow(at + padded);
    blocks[at] = bytes;
    used += bytes;
    peak = used > peak ? used : peak;
    memset(memory + at, 0xff, bytes); /* every float a NaN */
    mark(at / 4, (at + bytes + 3) / 4, EMPTY);
    live("device memory", 1);
    return memory + at;
}

bool release(void* address) {
    auto block = blocks.find((size_t) ((char*) address - memory));
    if (!inside(address) || block == blocks.end()) return false;
    memset(address, 0xff, block->second);
    mark(block->first / 4, (block->first + block->second + 3) / 4, FREE);
    used -= block->second;
    blocks.erase(block);
    live("device memory", -1);
    return true;
}

size_t in_use() { return used; }
size_t largest() { return peak; }

const char* describe(uint8_t state) { return state == FREE ? "memory that is not allocated" : "memory that was never written"; }

bool readable(const void* address, size_t bytes, const char* who) {
    if (!inside(address)) {
        violation("%s reads %zu bytes at %p, which is not device memory", who, bytes, address);
        return false;
    }
    const size_t from = (size_t) ((const char*) address - memory), first = from / 4, end = (from + bytes + 3) / 4;
    if (first == end || (states[first] == WRITTEN && memcmp(states + first, states + first + 1, end - first - 1) == 0)) return true;
    for (size_t i = first; i < end; i++) {
        if (states[i] != WRITTEN) {
            violation("%s reads %s, %zu bytes into %zu", who, describe(states[i]), i * 4 - from, bytes);
            return false;
        }
    }
    return true;
}

bool writable(void* address, size_t bytes, const char* who) {
    if (!inside(address)) {
        violation("%s writes %zu bytes at %p, which is not device memory", who, bytes, address);
        return false;
    }
    const size_t from = (size_t) ((char*) address - memory), first = from / 4, end = (from + bytes + 3) / 4;
    const void* free = memchr(states + first, FREE, end - first);
    if (free != nullptr) {
        violation("%s writes %s, %zu bytes into %zu", who, describe(FREE), ((const uint8_t*) free - states) * 4 - from, bytes);
        return false;
    }
    mark(first, end, WRITTEN);
    return true;
}

int submit(Stream* stream, std::function<int()> work) {
    if (stream->capture != nullptr) {
        stream->capture->push_back(std::move(work));
    } else {
        stream->queue.push_back({std::move(work), false});
        queued++;
    }
    return 0;
}

void submit_always(Stream* stream, std::function<int()> work) {
    stream->queue.push_back({std::move(work), true});
}

int finish(Stream* stream, const std::function<bool()>& enough) {
    while (!stream->queue.empty() && !enough()) {
        const Queued next = std::move(stream->queue.front());
        stream->queue.pop_front();
        queued -= !next.always;
        const int status = dead == CUDA_SUCCESS || next.always ? next.work() : CUDA_SUCCESS;
        /* Whichever library queued the work, the wait reports an illegal address or a failed launch. */
        if (dead == CUDA_SUCCESS && status != CUDA_SUCCESS) {
            dead = status == CUDA_ERROR_LAUNCH_FAILED ? CUDA_ERROR_LAUNCH_FAILED : CUDA_ERROR_ILLEGAL_ADDRESS;
        }
    }
    return dead;
}

int finish(Stream* stream) {
    return finish(stream, [] { return false; });
}

bool is_busy() { return dead == 0 && queued != 0; }
}  // namespace machine

/* ---- Threads. Each thread of a block is a fiber: all run on one thread of the host, and each runs until it waits or ends. Warps
 * run one after another, each until all of its lanes wait for the block or have ended. ---- */

using machine::Dim;
using machine::running;

API Dim sim_thread, sim_block, sim_block_size, sim_grid_size;
API unsigned sim_lane_index;
Dim sim_thread, sim_block, sim_block_size, sim_grid_size;
unsigned sim_lane_index;
machine::Running machine::running;

namespace {
const unsigned MOST = 1024, WARP = 32, SLOT = 64;
/* Of one stack. The last part moves the tops of the stacks to different sets of the processor's caches. */
const size_t STACK = 64 * 1024 + 17 * 64;

struct Fiber {
    char* stack; /* null until the thread begins */
#if defined(__x86_64__)
    void* context;
#else
    ucontext_t context;
#endif
} fibers[MOST];
Dim indices[MOST]; /* threadIdx of each thread */

/* The lanes of a warp, one bit each, by what they do. */
struct Warp {
    uint32_t runs, alive, at_block, at_warp, exchanging;
    uint32_t time; /* barriers of the warp that it has passed since the last one of the block */
    unsigned exchange; /* which of the two buffers is filled next */
} warps[MOST / WARP];

/* Stacks of ended threads are used again, so that the threads of a kernel without barriers share one. */
char *stacks, *free_stacks[MOST];
unsigned used_stacks, free_count;
char exchanged[2][MOST][SLOT];
unsigned current;
uint32_t block_time; /* barriers of the block that it has passed */
uint32_t blocks_begun;
void** arguments;
}  // namespace

#if defined(__x86_64__)
/* Saves the registers that a call preserves, and continues another fiber. glibc's swapcontext makes a system call. */
extern "C" void sim_switch(void** from, void* to);
asm(R"(
.text
.globl sim_switch
.hidden sim_switch
.type sim_switch, @function
sim_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");
typedef void* Context;
static void switch_context(Context* from, Context* to) { sim_switch(from, *to); }
#else
typedef ucontext_t Context;
static void switch_context(Context* from, Context* to) { swapcontext(from, to); }
#endif
static Context scheduler, ended;

/* Lets the lanes of a warp continue if all that have not ended wait at a barrier of the warp, or all at an exchange. An exchange
 * does not order accesses to memory. */
static void release(Warp& warp) {
    if (warp.at_warp == warp.alive) {
        warp.at_warp = 0;
        warp.time++;
    } else if (warp.exchanging == warp.alive) {
        warp.exchanging = 0;
        warp.exchange ^= 1;
    } else {
        return;
    }
    warp.runs = warp.alive;
}

/* Makes a thread the running one. */
static void enter(unsigned i) {
    current = i;
    sim_thread = indices[i];
    sim_lane_index = i % WARP;
    running.thread = i;
    running.time = block_time << 16 | warps[i / WARP].time;
}

static void thread_body();

/* Gives a thread that has not begun a stack on which it begins. */
static void prepare(Fiber& fiber) {
    fiber.stack = free_count > 0 ? free_stacks[--free_count] : stacks + used_stacks++ * STACK;
#if defined(__x86_64__)
    void** frame = (void**) (fiber.stack + STACK);
    *--frame = nullptr; /* the return address of thread_body, which does not return */
    *--frame = (void*) thread_body;
    for (int r = 0; r < 6; r++) *--frame = nullptr;
    fiber.context = frame;
#else
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = STACK;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, thread_body, 0);
#endif
}

/* The next lane of the current warp that can run, as a thread, or MOST. Lanes run in ascending order. */
static unsigned next() {
    Warp& warp = warps[current / WARP];
    if (warp.runs == 0 && warp.alive != 0) release(warp);
    return warp.runs == 0 ? MOST : current / WARP * WARP + (unsigned) __builtin_ctz(warp.runs);
}

/* Leaves the current thread, and continues the next lane, or the scheduler if no lane of the warp can run. */
static void leave(Context* from, unsigned to) {
    if (to == MOST) {
        switch_context(from, &scheduler);
        return;
    }
    enter(to);
    if (fibers[to].stack == nullptr) prepare(fibers[to]);
    if (from != &fibers[to].context) switch_context(from, &fibers[to].context);
}

static void thread_body() {
    for (;;) {
        running.kernel->invoke(arguments);
        const uint32_t lane = 1u << current % WARP;
        warps[current / WARP].runs &= ~lane;
        warps[current / WARP].alive &= ~lane;
        char* stack = fibers[current].stack;
        const unsigned to = next();
        if (to != MOST && fibers[to].stack == nullptr) {
            fibers[to].stack = stack; /* begins on this stack, without a switch */
            enter(to);
        } else {
            free_stacks[free_count++] = stack;
            leave(&ended, to);
        }
    }
}

static void wait_at(uint32_t Warp::*where) {
    const unsigned thread = current;
    const uint32_t lane = 1u << thread % WARP;
    Warp& warp = warps[thread / WARP];
    warp.runs &= ~lane;
    warp.*where |= lane;
    leave(&fibers[thread].context, next());
}

API void sim_block_barrier() { wait_at(&Warp::at_block); }

API void sim_warp_barrier() { wait_at(&Warp::at_warp); }

/* Records the violation of a rule that is checked in a kernel itself. */
API void sim_broken(const char* rule) {
    machine::violation("%s: block (%u, %u, %u), thread (%u, %u, %u): %s", running.kernel->name.c_str(), sim_block.x, sim_block.y, sim_block.z,
                       sim_thread.x, sim_thread.y, sim_thread.z, rule);
}

/* Exchanges a value between all lanes of a warp. Returns the values of the warp, 32 slots of 64 bytes. They stay until all lanes
 * have come to the next exchange but one, because two buffers alternate. */
API const void* sim_warp_exchange(const void* value, size_t bytes) {
    const unsigned thread = current, buffer = warps[thread / WARP].exchange;
    char* to = exchanged[buffer][thread];
    /* Known sizes first: they are copied without a call. */
    if (bytes == 4) memcpy(to, value, 4);
    else if (bytes == 8) memcpy(to, value, 8);
    else if (bytes == 24) memcpy(to, value, 24);
    else memcpy(to, value, bytes);
    wait_at(&Warp::exchanging);
    return exchanged[buffer][thread / WARP * WARP];
}

/* Exchanges a value, and returns that of a lane. */
template <class T>
static T from_lane(T value, unsigned lane) {
    memcpy(&value, (const char*) sim_warp_exchange(&value, sizeof value) + lane * SLOT, sizeof value);
    return value;
}
API unsigned sim_from_lane_4(unsigned value, unsigned lane) { return from_lane(value, lane); }
API unsigned long sim_from_lane_8(unsigned long value, unsigned lane) { return from_lane(value, lane); }

/* Runs a block of threads. Returns false if they wait for different barriers. */
static bool run_block(unsigned threads) {
    const unsigned count = (threads + WARP - 1) / WARP;
    running.block = ++blocks_begun;
    block_time = 0;
    used_stacks = free_count = 0;
    for (unsigned i = 0; i < threads; i++) fibers[i].stack = nullptr;
    for (unsigned w = 0; w < count; w++) {
        const uint32_t lanes = threads - w * WARP < WARP ? (1u << (threads - w * WARP)) - 1 : 0xffffffffu;
        warps[w] = Warp{lanes, lanes, 0, 0, 0, 0, 0};
    }
    for (bool alive = true; alive;) {
        alive = false;
        for (unsigned w = 0; w < count; w++) {
            Warp& warp = warps[w];
            if (warp.runs != 0) leave(&scheduler, w * WARP + (unsigned) __builtin_ctz(warp.runs));
            alive = alive || warp.alive != 0;
        }
        for (unsigned w = 0; w < count; w++) {
            Warp& warp = warps[w];
            if (warp.at_block != warp.alive) {
                machine::violation("%s: threads of one block wait at different barriers", running.kernel->name.c_str());
                return false;
            }
            warp.runs = warp.alive;
            warp.at_block = 0;
            warp.time = 0;
        }
        block_time++;
    }
    return true;
}

bool machine::is_launch(Dim grid, Dim block) {
    const unsigned threads = block.x * block.y * block.z;
    return threads > 0 && threads <= MOST && grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffff
            && grid.y <= 0xffff && grid.z <= 0xffff;
}

int machine::run(const Function& kernel, void** parameters, Dim grid, Dim block) {
    const unsigned threads = block.x * block.y * block.z;
    if (stacks == nullptr) stacks = (char*) reserve(MOST * STACK);
    running.kernel = &kernel;
    running.first_block = blocks_begun + 1;
    begin_launch();
    arguments = parameters;
    sim_grid_size = grid;
    sim_block_size = block;
    for (unsigned i = 0; i < threads; i++) indices[i] = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    for (sim_block.z = 0; sim_block.z < grid.z; sim_block.z++) {
        for (sim_block.y = 0; sim_block.y < grid.y; sim_block.y++) {
            for (sim_block.x = 0; sim_block.x < grid.x; sim_block.x++) {
                if (!run_block(threads)) return CUDA_ERROR_LAUNCH_FAILED;
                if (violated()) return CUDA_ERROR_ILLEGAL_ADDRESS;
            }
        }
    }
    return CUDA_SUCCESS;
}

/* ---- Functions for the tests. ---- */

/* Injects a failure: the nth call of a function from now on returns this status. If it is sticky, so does every later call of the
 * driver. */
API void sim_fail(const char* function, long nth, int status, int sticky) {
    machine::planned = {function, nth, status, sticky != 0};
}

/* Removes injected failures, the sticky error and the violation. Memory and handles stay. */
API void sim_forgive() {
    machine::planned = {"", 0, 0, false};
    machine::dead = 0;
    machine::first_violation.clear();
}

API void sim_die(int status) { machine::dead = status; }

API const char* sim_violation() { return machine::first_violation.c_str(); }

API long sim_calls(const char* function) {
    std::lock_guard<std::mutex> held(machine::lock);
    if (*function != 0) return machine::calls[function];
    long sum = 0;
    for (auto& each : machine::calls) sum += each.second;
    return sum;
}

/* The live handles, as "stream 1, event 2"; empty if there are none. */
API const char* sim_live() {
    std::lock_guard<std::mutex> held(machine::lock);
    static std::string text;
    text.clear();
    for (auto& each : machine::handles) {
        if (each.second != 0) text += (text.empty() ? "" : ", ") + each.first + " " + std::to_string(each.second);
    }
    return text.c_str();
}

API long sim_bytes() { return (long) machine::used; }

API int sim_unbound(const char* function) {
    fprintf(stderr, "simulated CUDA machine: %s is not simulated\n", function);
    return CUDA_ERROR_NOT_SUPPORTED;
}

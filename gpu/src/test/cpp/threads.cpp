/* The simulated CUDA machine: the threads of a block as fibers. Each thread of a block is a fiber: all run on one thread of the host,
 * and each runs until it waits or ends. Warps run one after another, each until all of its lanes wait or have ended. */
#include "machine.h"
#include <string.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

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
    uint32_t runs, alive, at_block, at_warp, exchanging, at_products;
    uint32_t waits; /* each lane for its own condition */
    uint32_t synced; /* the time at which it last passed a barrier of its own */
    unsigned exchange; /* which of the two buffers is filled next */
} warps[MOST / WARP];

/* Stacks of ended threads are used again, so that the threads of a kernel without barriers share one. */
char *stacks, *free_stacks[MOST];
unsigned used_stacks, free_count;
char exchanged[2][MOST][SLOT];
machine::Awaited awaited[MOST]; /* of the threads that wait for a condition */
unsigned current;
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

/* Orders the accesses of the lanes of a warp. */
static void pass(Warp& warp) {
    warp.synced = ++running.time;
    machine::clock_of_warp((unsigned) (&warp - warps));
}

/* Lets the lanes of a warp continue if all that have not ended wait at a barrier of the warp, or all at an exchange. An exchange
 * does not order accesses to memory. */
static void release(Warp& warp) {
    if (warp.at_warp == warp.alive) {
        warp.at_warp = 0;
        pass(warp);
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
    running.warp_synced = warps[i / WARP].synced;
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

void machine::wait_for_products() { wait_at(&Warp::at_products); }

void machine::wait_until(const Awaited& what) {
    if (what.has_come(what)) return;
    awaited[current] = what;
    wait_at(&Warp::waits);
}

const machine::Awaited* machine::next_awaited(unsigned* thread) {
    for (; *thread < sim_block_size.x * sim_block_size.y * sim_block_size.z; ++*thread) {
        if (warps[*thread / WARP].waits >> *thread % WARP & 1) return &awaited[(*thread)++];
    }
    return nullptr;
}

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

/* Lets the lanes of a warp continue whose condition has come. */
static void wake(unsigned w) {
    Warp& warp = warps[w];
    for (uint32_t rest = warp.waits; rest != 0; rest &= rest - 1) {
        const unsigned lane = (unsigned) __builtin_ctz(rest);
        if (!awaited[w * WARP + lane].has_come(awaited[w * WARP + lane])) continue;
        warp.waits &= ~(1u << lane);
        warp.runs |= 1u << lane;
    }
}

/* Computes the products of one warp whose lanes all wait for them. Called when no thread can run and no bulk copy can arrive, so that
 * the other threads overwrite the operands before if nothing prevents it. Returns false if there is no such warp. */
static bool finish_products(unsigned count) {
    for (unsigned w = 0; w < count; w++) {
        Warp& warp = warps[w];
        if (warp.at_products == 0 || warp.at_products != warp.alive) continue;
        enter(w * WARP);
        machine::compute_products(w, warp.alive == 0xffffffffu);
        pass(warp);
        warp.at_products = 0;
        warp.runs = warp.alive;
        return true;
    }
    return false;
}

/* Lets all threads pass the barrier of the block. Returns false if some do not wait at it. */
static bool pass_block_barrier(unsigned count) {
    for (unsigned w = 0; w < count; w++) {
        if (warps[w].at_block != warps[w].alive) return false;
    }
    for (unsigned w = 0; w < count; w++) {
        warps[w].runs = warps[w].alive;
        warps[w].at_block = 0;
    }
    running.block_synced = ++running.time;
    return true;
}

/* Records why no thread of the block can continue. */
static void report_deadlock() {
    unsigned thread = 0;
    const machine::Awaited* what = machine::next_awaited(&thread);
    if (what == nullptr) {
        machine::violation("%s: threads of one block wait at different barriers", running.kernel->name.c_str());
        return;
    }
    enter(thread - 1);
    sim_broken(("waits for ever for " + what->describe(*what)).c_str());
}

/* Runs a block of threads. Returns false if they wait for ever. */
static bool run_block(unsigned threads) {
    const unsigned count = (threads + WARP - 1) / WARP;
    running.block = ++blocks_begun;
    running.time = 1;
    running.block_synced = 0;
    used_stacks = free_count = 0;
    for (unsigned i = 0; i < threads; i++) fibers[i].stack = nullptr;
    for (unsigned w = 0; w < count; w++) {
        const uint32_t lanes = threads - w * WARP < WARP ? (1u << (threads - w * WARP)) - 1 : 0xffffffffu;
        warps[w] = Warp{lanes, lanes, 0, 0, 0, 0, 0, 0, 0};
    }
    machine::begin_barriers();
    machine::begin_products();
    for (;;) {
        bool alive = false, ran = false;
        for (unsigned w = 0; w < count; w++) {
            Warp& warp = warps[w];
            if (warp.waits != 0) wake(w);
            if (warp.runs != 0) {
                leave(&scheduler, w * WARP + (unsigned) __builtin_ctz(warp.runs));
                ran = true;
            }
            alive = alive || warp.alive != 0;
        }
        if (!alive) break;
        if (ran || machine::land_bulk_copies() || finish_products(count) || pass_block_barrier(count)) continue;
        report_deadlock();
        return false;
    }
    machine::end_barriers();
    machine::end_products(threads);
    return true;
}

bool machine::is_launch(Dim grid, Dim block) {
    const unsigned threads = block.x * block.y * block.z;
    return threads > 0 && threads <= MOST && grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffff
            && grid.y <= 0xffff && grid.z <= 0xffff;
}

int machine::run(const Function& kernel, void** parameters, Dim grid, Dim block, unsigned shared) {
    const unsigned threads = block.x * block.y * block.z;
    if (stacks == nullptr) stacks = (char*) reserve(MOST * STACK);
    running.kernel = &kernel;
    running.dynamic_shared = shared;
    running.clocked = shared != 0 && detects_races();
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


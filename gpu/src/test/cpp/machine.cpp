/* The simulated CUDA machine: memory, counters, injected failures, and the threads of a block as fibers. */
#include "machine.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
int dead = 0;

const size_t GUARD = 4096;
char* base;
uint8_t* states;
std::map<size_t, size_t> blocks;
size_t used, peak;
long queued;

void reserve() {
    if (base == nullptr) {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        base = (char*) mmap(nullptr, CAPACITY, PROT_READ | PROT_WRITE, flags, -1, 0);
        states = (uint8_t*) mmap(nullptr, CAPACITY / 4, PROT_READ | PROT_WRITE, flags, -1, 0);
    }
}

bool inside(const void* address) {
    return base != nullptr && (const char*) address >= base && (const char*) address < base + CAPACITY;
}
}  // namespace

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

void* allocate(size_t bytes) {
    reserve();
    const size_t room = (bytes + 255) / 256 * 256;
    size_t at = GUARD;
    for (auto& block : blocks) {
        if (block.first >= at + room + GUARD) break;
        at = block.first + (block.second + 255) / 256 * 256 + GUARD;
    }
    if (at + room + GUARD > CAPACITY) return nullptr;
    blocks[at] = bytes;
    used += bytes;
    peak = used > peak ? used : peak;
    memset(base + at, 0xff, bytes); /* every float a NaN */
    memset(states + at / 4, EMPTY, (bytes + 3) / 4);
    live("device memory", 1);
    return base + at;
}

bool release(void* address) {
    auto block = blocks.find((size_t) ((char*) address - base));
    if (!inside(address) || block == blocks.end()) return false;
    memset(address, 0xff, block->second);
    memset(states + block->first / 4, FREE, (block->second + 3) / 4);
    used -= block->second;
    blocks.erase(block);
    live("device memory", -1);
    return true;
}

size_t in_use() { return used; }
size_t largest() { return peak; }

const char* describe(uint8_t state) { return state == FREE ? "memory that is not allocated" : "memory that nothing wrote"; }

bool readable(const void* address, size_t bytes, const char* who) {
    if (!inside(address)) {
        violation("%s reads %zu bytes at %p, which is no device memory", who, bytes, address);
        return false;
    }
    const size_t from = (size_t) ((const char*) address - base);
    for (size_t i = from / 4; i < (from + bytes + 3) / 4; i++) {
        if (states[i] != WRITTEN) {
            violation("%s reads %s, %zu bytes into %zu", who, describe(states[i]), i * 4 - from, bytes);
            return false;
        }
    }
    return true;
}

bool writable(void* address, size_t bytes, const char* who) {
    if (!inside(address)) {
        violation("%s writes %zu bytes at %p, which is no device memory", who, bytes, address);
        return false;
    }
    const size_t from = (size_t) ((char*) address - base);
    for (size_t i = from / 4; i < (from + bytes + 3) / 4; i++) {
        if (states[i] == FREE) {
            violation("%s writes %s, %zu bytes into %zu", who, describe(FREE), i * 4 - from, bytes);
            return false;
        }
        states[i] = WRITTEN;
    }
    return true;
}

uint8_t* state_of(const void* address, size_t* word) {
    if (!inside(address)) return nullptr;
    *word = (size_t) ((const char*) address - base) / 4;
    return states + *word;
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
        const int status = dead == 0 || next.always ? next.work() : 0;
        /* Whichever library queued it: who waits hears of an illegal address or a failed launch. */
        if (dead == 0 && status != 0) dead = status == 719 ? 719 : 700;
    }
    return dead;
}

int finish(Stream* stream) {
    return finish(stream, [] { return false; });
}

bool is_busy() { return dead == 0 && queued != 0; }
}  // namespace machine

/* ---- Threads. A block's threads are fibers of one processor thread; each runs until it waits or ends. ---- */

using machine::Dim;

API Dim sim_thread, sim_block, sim_block_size, sim_grid_size;
Dim sim_thread, sim_block, sim_block_size, sim_grid_size;
machine::Running machine::running;

namespace {
const size_t STACK = 64 * 1024;
const unsigned MOST = 1024, WARP = 32, SLOT = 64;
enum Wait { RUNS, AT_BLOCK, AT_WARP, EXCHANGES, ENDED };

struct Fiber {
    Wait wait;
    Dim index;
#if defined(__x86_64__)
    void* stack;
#else
    ucontext_t context;
#endif
} fibers[MOST];

char* stacks;
char exchange[MOST][SLOT];
unsigned current;
uint32_t block_time, warp_time[MOST / WARP]; /* barriers passed: of the block, and of each warp since */
uint32_t blocks_begun;
void** arguments;
}  // namespace

#if defined(__x86_64__)
/* Saves the registers that a call keeps, and goes on where the other left off: glibc's swapcontext costs a system call. */
extern "C" void sim_switch(void** from, void* to);
asm(R"(
.text
.globl sim_switch
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
static void* scheduler;
static void leave() { sim_switch(&fibers[current].stack, scheduler); }
static void resume() { sim_switch(&scheduler, fibers[current].stack); }
#else
static ucontext_t scheduler;
static void leave() { swapcontext(&fibers[current].context, &scheduler); }
static void resume() { swapcontext(&scheduler, &fibers[current].context); }
#endif

static void thread_body() {
    machine::running.kernel->invoke(arguments);
    fibers[current].wait = ENDED;
    leave();
}

static void prepare(unsigned i) {
    char* top = stacks + (i + 1) * STACK;
    fibers[i].wait = RUNS;
#if defined(__x86_64__)
    void** frame = (void**) top;
    *--frame = nullptr; /* where thread_body would return to; it never does */
    *--frame = (void*) thread_body;
    for (int r = 0; r < 6; r++) *--frame = nullptr;
    fibers[i].stack = frame;
#else
    getcontext(&fibers[i].context);
    fibers[i].context.uc_stack.ss_sp = top - STACK;
    fibers[i].context.uc_stack.ss_size = STACK;
    fibers[i].context.uc_link = &scheduler;
    makecontext(&fibers[i].context, thread_body, 0);
#endif
}

static void wait_at(Wait where) {
    fibers[current].wait = where;
    leave();
}

API void sim_block_barrier() { wait_at(AT_BLOCK); }

API void sim_warp_barrier() { wait_at(AT_WARP); }

/* A rule that a kernel itself can see broken. */
API void sim_broken(const char* rule) {
    machine::violation("%s: block (%u, %u, %u), thread (%u, %u, %u): %s", machine::running.kernel->name.c_str(), sim_block.x, sim_block.y, sim_block.z,
                       sim_thread.x, sim_thread.y, sim_thread.z, rule);
}

/* Shows every lane of the warp what each hands in; the answer is the first of 32 slots of 64 bytes. */
API const void* sim_warp_exchange(const void* value, size_t bytes) {
    wait_at(EXCHANGES); /* until all have read what was exchanged before */
    memcpy(exchange[current], value, bytes);
    wait_at(EXCHANGES);
    return exchange[current / WARP * WARP];
}

/* Lets the warps go on whose living threads all wait at a warp's barrier or exchange, else the block if all wait at its. An
 * exchange orders no accesses to memory. */
static bool let_go(unsigned threads) {
    bool moved = false, all = true;
    for (unsigned first = 0; first < threads; first += WARP) {
        const unsigned end = first + WARP < threads ? first + WARP : threads;
        unsigned alive = 0, waiting = 0, exchanging = 0;
        for (unsigned i = first; i < end; i++) {
            alive += fibers[i].wait != ENDED;
            waiting += fibers[i].wait == AT_WARP;
            exchanging += fibers[i].wait == EXCHANGES;
            all = all && (fibers[i].wait == ENDED || fibers[i].wait == AT_BLOCK);
        }
        if (alive == 0 || (waiting != alive && exchanging != alive)) continue;
        warp_time[first / WARP] += waiting == alive;
        for (unsigned i = first; i < end; i++) {
            if (fibers[i].wait != ENDED) fibers[i].wait = RUNS;
        }
        moved = true;
    }
    if (moved || !all) return moved;
    block_time++;
    memset(warp_time, 0, sizeof warp_time);
    for (unsigned i = 0; i < threads; i++) {
        if (fibers[i].wait == AT_BLOCK) fibers[i].wait = RUNS;
    }
    return true;
}

static bool run_block(unsigned threads) {
    machine::running.block = ++blocks_begun;
    block_time = 0;
    memset(warp_time, 0, sizeof warp_time);
    for (unsigned i = 0; i < threads; i++) {
        const Dim b = sim_block_size;
        fibers[i].index = {i % b.x, i / b.x % b.y, i / b.x / b.y};
        prepare(i);
    }
    for (unsigned ended = 0; ended < threads;) {
        for (unsigned i = 0; i < threads; i++) {
            if (fibers[i].wait != RUNS) continue;
            current = i;
            sim_thread = fibers[i].index;
            machine::running.thread = i;
            machine::running.time = block_time << 16 | warp_time[i / WARP];
            resume();
            ended += fibers[i].wait == ENDED;
        }
        if (ended < threads && !let_go(threads)) {
            machine::violation("%s: threads of one block wait at different barriers", machine::running.kernel->name.c_str());
            return false;
        }
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
    if (stacks == nullptr) {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        stacks = (char*) mmap(nullptr, MOST * STACK, PROT_READ | PROT_WRITE, flags, -1, 0);
    }
    running.kernel = &kernel;
    running.first_block = blocks_begun + 1;
    arguments = parameters;
    sim_grid_size = grid;
    sim_block_size = block;
    for (sim_block.z = 0; sim_block.z < grid.z; sim_block.z++) {
        for (sim_block.y = 0; sim_block.y < grid.y; sim_block.y++) {
            for (sim_block.x = 0; sim_block.x < grid.x; sim_block.x++) {
                if (!run_block(threads)) return 719; /* CUDA_ERROR_LAUNCH_FAILED */
                if (violated()) return 700;          /* CUDA_ERROR_ILLEGAL_ADDRESS */
            }
        }
    }
    return 0;
}

/* ---- What a test may ask and order. ---- */

/* The nth call of a function from now on returns this status; if sticky, every call of the driver after it, too. */
API void sim_fail(const char* function, long nth, int status, int sticky) {
    machine::planned = {function, nth, status, sticky != 0};
}

/* A new process: no failure is planned or left behind. Memory and handles stay. */
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

/* Kinds of handles that are open, as "stream 1, event 2"; empty if none is. */
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
    return 801; /* CUDA_ERROR_NOT_SUPPORTED */
}

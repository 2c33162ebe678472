/* The simulated CUDA machine: device memory, call counters and injected failures. */
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

/* The simulated CUDA machine: what its four libraries share. machine.cpp has the memory, the counters and the threads, accesses.cpp
 * watches what kernels read and write; driver.cpp, nvrtc.cpp, cublas.cpp and cudnn.cpp are the functions that codanet calls.
 * Everything else that is bound fails by name. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

namespace machine __attribute__((visibility("default"))) {
/* Counts a call of an entry point. Returns the status that a test asked for, or that an earlier error left behind, else 0. */
int enter(const char* function, bool driver);
/* Moves the counter of live handles of a kind. Every counter is zero once all is closed. */
void live(const char* kind, long change);
/* Remembers the first broken rule, for the test to read. */
void violation(const char* format, ...) __attribute__((format(printf, 1, 2)));
bool violated();
/* The folder that these libraries lie in; temporary files go there. */
std::string folder();

/* Device memory: host memory between guard zones, with one state for every four bytes. Only pages that are used are backed,
 * so that the published networks fit a machine of any size. */
const size_t CAPACITY = size_t(8) << 30;
void* allocate(size_t bytes);            /* null if there is no room */
bool release(void* address);             /* false if nothing begins there */
size_t in_use();
size_t largest();                        /* the most that in_use() has been */
/* True if the device may read (and something was written there) or write these bytes; else a violation is recorded. */
bool readable(const void* address, size_t bytes, const char* who);
bool writable(void* address, size_t bytes, const char* who);
/* The state of the word at an address, and its number; null outside of device memory. */
enum : uint8_t { FREE, EMPTY, WRITTEN };
uint8_t* state_of(const void* address, size_t* word);
const char* describe(uint8_t state);

/* A stream keeps its work until somebody waits for it, as late as a card may run it: what the host does too early is done too early
 * here. While it is being captured the work is recorded. */
typedef std::vector<std::function<int()>> Work;
struct Queued {
    std::function<int()> work;
    bool always; /* on a dead machine, too: what counts is what the program forgot to give back */
};
struct Stream {
    Work* capture = nullptr;
    std::deque<Queued> queue;
};
int submit(Stream* stream, std::function<int()> work);
void submit_always(Stream* stream, std::function<int()> work);
/* Runs what is queued until a condition holds, or all of it. Returns the first status that is not 0; the machine is dead then. */
int finish(Stream* stream, const std::function<bool()>& enough);
int finish(Stream* stream);
/* Whether any stream has work to do, memory to be freed left aside. */
bool is_busy();

struct Dim {
    unsigned x, y, z;
};
/* A kernel of a loaded module. */
struct Function {
    std::string name;
    void (*invoke)(void**);
    const size_t* sizes;          /* of each parameter, ended by 0 */
    char *shared, *shared_end;    /* shared memory of the module's kernels */
};
/* Whether a card takes such a launch. */
bool is_launch(Dim grid, Dim block);
/* Runs every block of a grid, each thread a fiber. Returns a CUresult. */
int run(const Function& kernel, void** parameters, Dim grid, Dim block);

/* Whether kernels are watched for races, which takes several times as long. */
bool watches_races();

/* The thread that runs now. */
struct Running {
    const Function* kernel;
    unsigned thread;             /* its number in the block */
    uint32_t block, first_block; /* numbers of its block and of its launch's first, counted over all launches from 1 */
    uint32_t time;               /* barriers that its block has passed; in the lower half those that its warp has passed since */
};
extern Running running;
}  // namespace machine

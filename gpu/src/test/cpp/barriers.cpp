/* The simulated CUDA machine: barriers in shared memory (mbarrier), bulk copies that such a barrier counts, and numbered barriers of
 * some warps of a block.
 *
 * A bulk copy arrives as late as it may: when a thread waits for its barrier and no thread can run. Who reads too early therefore
 * reads the old content. */
#include "machine.h"
#include <string.h>

using machine::Awaited;
using machine::running;
extern "C" void sim_broken(const char* rule);

namespace {
/* A barrier completes a phase when the pending arrivals and the bytes under way are both 0. */
struct Barrier {
    uint32_t block; /* in which it was initialised */
    unsigned number, count, pending, phase;
    long bytes;     /* announced, and not yet copied */
    bool ready;     /* for the copy engine */
};
std::vector<Barrier> barriers; /* one for each 8 bytes of shared memory */
std::vector<Barrier*> unready;
unsigned initialised;

struct BulkCopy {
    void* to;
    const void* from;
    unsigned bytes;
    void* barrier;
};
std::vector<BulkCopy> bulk_copies;

struct Numbered {
    unsigned threads, arrived, phase;
} numbered[machine::NUMBERED];

std::string at(const void* address) { return std::to_string((size_t) address - running.shared); }

/* Where the state of a barrier is; null and a violation if the address is not one. */
Barrier* place(const void* address) {
    const size_t offset = (size_t) address - running.shared;
    if (offset >= running.shared_bytes) sim_broken("a barrier that is not in shared memory");
    else if (offset % 8 != 0) sim_broken("a barrier whose address is not a multiple of 8");
    else return &barriers[offset / 8];
    return nullptr;
}

/* An initialised barrier; null and a violation if it is not. */
Barrier* find(const void* address) {
    Barrier* barrier = place(address);
    if (barrier == nullptr || barrier->block == running.block) return barrier;
    sim_broken("uses a barrier that was not initialised");
    return nullptr;
}

void complete_phase(Barrier& barrier) {
    if (barrier.pending != 0 || barrier.bytes != 0) return;
    barrier.pending = barrier.count;
    barrier.phase++;
    machine::clock_completes(barrier.number);
}

bool has_parity_passed(const Awaited& what) {
    return (barriers[((size_t) what.barrier - running.shared) / 8].phase & 1) != what.phase;
}

std::string describe_barrier(const Awaited& what) {
    const Barrier& barrier = barriers[((size_t) what.barrier - running.shared) / 8];
    return "parity " + std::to_string(what.phase) + " of the barrier at byte " + at(what.barrier) + " of shared memory, which is in phase "
            + std::to_string(barrier.phase) + " and expects " + std::to_string(barrier.pending) + " of " + std::to_string(barrier.count)
            + " arrivals and " + std::to_string(barrier.bytes) + " bytes";
}

bool has_number_passed(const Awaited& what) { return ((const Numbered*) what.barrier)->phase != what.phase; }

std::string describe_number(const Awaited& what) {
    const Numbered& barrier = *(const Numbered*) what.barrier;
    return "barrier number " + std::to_string(&barrier - numbered) + ", at which " + std::to_string(barrier.arrived) + " of "
            + std::to_string(barrier.threads) + " threads have arrived";
}
}  // namespace

void machine::begin_barriers() {
    bulk_copies.clear();
    unready.clear();
    initialised = 0;
    if (running.clocked) begin_clocks();
    running.other_barriers = false;
    memset(numbered, 0, sizeof numbered);
    if (barriers.size() < running.shared_bytes / 8 + 1) barriers.resize(running.shared_bytes / 8 + 1);
}

void machine::end_barriers() {
    if (!bulk_copies.empty()) sim_broken(("the block ends, and no thread has waited for the bulk copy to byte " + at(bulk_copies[0].to)).c_str());
    for (auto& barrier : numbered) {
        if (barrier.arrived != 0) sim_broken("the block ends while threads wait at a numbered barrier");
    }
}

bool machine::land_bulk_copies() {
    unsigned thread = 0;
    for (const Awaited* what = next_awaited(&thread); what != nullptr; what = next_awaited(&thread)) {
        bool landed = false;
        for (size_t i = 0; i < bulk_copies.size();) {
            const BulkCopy copy = bulk_copies[i];
            if (copy.barrier != what->barrier) {
                i++;
                continue;
            }
            memcpy(copy.to, copy.from, copy.bytes);
            Barrier& barrier = barriers[((size_t) copy.barrier - running.shared) / 8];
            barrier.bytes -= copy.bytes;
            clock_copied(barrier.number);
            complete_phase(barrier);
            bulk_copies.erase(bulk_copies.begin() + (long) i);
            landed = true;
        }
        if (landed) return true;
    }
    return false;
}

/* A descriptor has 18 bits of an address. */
API void sim_dynamic_shared(const void* begin, unsigned bytes) {
    if ((size_t) begin - running.shared + bytes > 1 << 18) sim_broken("the module has more shared memory than the simulated machine can address");
    if (bytes == running.dynamic_shared) return;
    sim_broken(("the kernel has " + std::to_string(bytes) + " bytes of dynamic shared memory, and its launch states "
                + std::to_string(running.dynamic_shared)).c_str());
}

API void sim_barrier_init(void* address, unsigned count) {
    Barrier* barrier = place(address);
    if (barrier == nullptr) return;
    if (count == 0 || count >= 1u << 20) sim_broken("a barrier of no thread or of too many");
    machine::check_shared(address, 8, true);
    running.other_barriers = true;
    const unsigned number = barrier->block == running.block ? barrier->number : initialised++;
    if (number >= machine::MOST_BARRIERS) {
        sim_broken("more barriers than the simulated machine can hold");
        return;
    }
    *barrier = {running.block, number, count, count, 0, 0, false};
    unready.push_back(barrier);
}

API void sim_barriers_ready() {
    for (Barrier* barrier : unready) barrier->ready = true;
    unready.clear();
}

API void sim_barrier_arrive(void* address, unsigned bytes) {
    Barrier* barrier = find(address);
    if (barrier == nullptr) return;
    if (barrier->pending == 0) {
        sim_broken(("arrives at the barrier at byte " + at(address) + " of shared memory, at which all have arrived in this phase").c_str());
        return;
    }
    barrier->bytes += bytes;
    if (barrier->bytes >= 1 << 20) sim_broken("a barrier expects more bytes than it can count");
    barrier->pending--;
    machine::clock_arrives(barrier->number);
    complete_phase(*barrier);
}

API void sim_barrier_wait(void* address, unsigned parity) {
    if (parity > 1) {
        sim_broken("waits for a parity that is neither 0 nor 1");
        return;
    }
    const Barrier* barrier = find(address);
    if (barrier == nullptr) return;
    machine::wait_until({has_parity_passed, describe_barrier, address, parity});
    machine::clock_waited(barrier->number);
}

API void sim_bulk_copy(void* to, const void* from, unsigned bytes, void* address) {
    Barrier* barrier = find(address);
    if (barrier == nullptr) return;
    if (!barrier->ready) sim_broken("a bulk copy to a barrier that is not ready for the copy engine");
    if (((size_t) to | (size_t) from | bytes) % 16 != 0) {
        sim_broken("a bulk copy whose addresses or size are not multiples of 16 bytes");
        return;
    }
    const size_t offset = (size_t) to - running.shared;
    if (offset >= running.shared_bytes || bytes > running.shared_bytes - offset) {
        sim_broken("a bulk copy to an address outside shared memory");
        return;
    }
    machine::check_copied(from, bytes);
    machine::check_bulk_copy(to, bytes, barrier->number);
    if (machine::violated()) return; /* the addresses may be wrong */
    bulk_copies.push_back({to, from, bytes, address});
}

API void sim_named_barrier(int number, unsigned threads) {
    if (number < 1 || number > 15) {
        sim_broken("a numbered barrier whose number is not 1 to 15");
        return;
    }
    Numbered& barrier = numbered[number];
    if (barrier.arrived != 0 && barrier.threads != threads) sim_broken("threads state different numbers of threads for one barrier");
    running.other_barriers = true;
    barrier.threads = threads;
    const unsigned phase = barrier.phase, clock = machine::MOST_BARRIERS + (unsigned) number;
    machine::clock_arrives(clock);
    if (++barrier.arrived == threads) {
        barrier.arrived = 0;
        barrier.phase++;
        machine::clock_completes(clock);
    }
    machine::wait_until({has_number_passed, describe_number, &barrier, phase});
    machine::clock_waited(clock);
}

API void sim_stores_visible() { machine::clock_fences(); }

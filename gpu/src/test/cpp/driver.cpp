/* The simulated CUDA machine: the driver API, libcuda.so.1. A handle is a pointer to its object. */
#include "machine.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <map>
#include <memory>
#include <string>

using machine::Stream;

namespace {
struct Mark {
    Stream* stream;
    bool reached;
    double milliseconds;
};

/* The mark belongs to the last cuEventRecord. It is shared, because queued work may outlive the event. */
struct Event {
    std::shared_ptr<Mark> mark;
};

using machine::Function;

struct Module {
    void* library;
    std::map<std::string, Function> functions;
};

struct Graph {
    std::shared_ptr<machine::Work> work = std::make_shared<machine::Work>(); /* shared, because a queued launch may outlive the graph */
    bool broken = false; /* a call that cannot be captured has invalidated it */
};

/* CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES; the dynamic shared memory that a launch may have without it and with it. */
const int MAX_DYNAMIC_SHARED = 8, DYNAMIC_SHARED = 48 * 1024, MOST_SHARED = 227 * 1024;

int contexts;
void* current_context;
std::map<Stream*, Graph*> captures;
char device_context, device_pool;

bool capturing() { return !captures.empty(); }

int break_captures() {
    for (auto& capture : captures) capture.second->broken = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

double now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}
}  // namespace

#define ENTER(name)                            \
    do {                                       \
        const int status = machine::enter(name, true); \
        if (status != CUDA_SUCCESS) return status;        \
    } while (0)
#define ENTER_WITH_CONTEXT(name)               \
    ENTER(name);                               \
    if (current_context == nullptr) return CUDA_ERROR_INVALID_CONTEXT
/* For functions that must not be called while a stream is being captured, because they synchronise or are no part of a graph. */
#define ENTER_OUTSIDE_CAPTURE(name)            \
    ENTER_WITH_CONTEXT(name);                  \
    if (capturing()) return break_captures()

API int cuInit(unsigned) { ENTER("cuInit"); return CUDA_SUCCESS; }
API int cuDriverGetVersion(int* version) { *version = 13000; return CUDA_SUCCESS; }
API int cuDeviceGetCount(int* count) { ENTER("cuDeviceGetCount"); *count = 1; return CUDA_SUCCESS; }

API int cuDeviceGet(int* device, int ordinal) {
    ENTER("cuDeviceGet");
    *device = ordinal;
    return ordinal == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

API int cuDeviceGetName(char* name, int size, int) {
    ENTER("cuDeviceGetName");
    snprintf(name, (size_t) size, "Simulated machine");
    return CUDA_SUCCESS;
}

API int cuDeviceTotalMem_v2(size_t* bytes, int) {
    ENTER("cuDeviceTotalMem_v2");
    *bytes = machine::CAPACITY;
    return CUDA_SUCCESS;
}

/* Compute capability times ten. A test may choose an older one. */
static int capability = 90;
API void sim_capability(int value) { capability = value; }

API int cuDeviceGetAttribute(int* value, int attribute, int) {
    ENTER("cuDeviceGetAttribute");
    switch (attribute) {
        case 75: *value = capability / 10; break; /* compute capability, major */
        case 76: *value = capability % 10; break; /* minor */
        case 16: *value = 4; break;       /* multiprocessors */
        case 97: *value = MOST_SHARED; break; /* maximum shared memory of a block, opt-in */
        case 115: *value = 1; break;      /* memory pools */
        default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

API int cuDevicePrimaryCtxRetain(void** context, int) {
    ENTER("cuDevicePrimaryCtxRetain");
    contexts++;
    machine::live("context", 1);
    *context = &device_context;
    return CUDA_SUCCESS;
}

/* Functions that destroy or free succeed after a sticky error, too, so that a test can count the handles that a program has leaked. */
API int cuDevicePrimaryCtxRelease_v2(int) {
    machine::enter("cuDevicePrimaryCtxRelease_v2", false);
    if (contexts == 0) return CUDA_ERROR_INVALID_CONTEXT;
    contexts--;
    machine::live("context", -1);
    return CUDA_SUCCESS;
}

API int cuCtxSetCurrent(void* context) { ENTER("cuCtxSetCurrent"); current_context = context; return CUDA_SUCCESS; }
API int cuCtxGetCurrent(void** context) { ENTER("cuCtxGetCurrent"); *context = current_context; return CUDA_SUCCESS; }

API int cuMemGetInfo_v2(size_t* free, size_t* total) {
    ENTER_WITH_CONTEXT("cuMemGetInfo_v2");
    *total = machine::CAPACITY;
    *free = machine::CAPACITY - machine::in_use();
    return CUDA_SUCCESS;
}

#define NAMED(status, number) {number, #status},
static const std::map<int, const char*> NAMES = {CUDA_STATUSES(NAMED)};
#undef NAMED

API int cuGetErrorName(int status, const char** name) {
    auto found = NAMES.find(status);
    *name = found == NAMES.end() ? nullptr : found->second;
    return found == NAMES.end() ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

API int cuGetErrorString(int status, const char** text) {
    *text = machine::violated() && status == CUDA_ERROR_ILLEGAL_ADDRESS ? "an illegal memory access" : "simulated";
    return CUDA_SUCCESS;
}

/* ---- Streams and events ---- */

API int cuStreamCreate(Stream** stream, unsigned) {
    ENTER_WITH_CONTEXT("cuStreamCreate");
    *stream = new Stream();
    machine::live("stream", 1);
    return CUDA_SUCCESS;
}

API int cuStreamDestroy_v2(Stream* stream) {
    machine::enter("cuStreamDestroy_v2", false);
    machine::finish(stream); /* the driver completes pending work, too */
    delete stream;
    machine::live("stream", -1);
    return CUDA_SUCCESS;
}

API int cuStreamSynchronize(Stream* stream) {
    ENTER_OUTSIDE_CAPTURE("cuStreamSynchronize");
    return machine::finish(stream);
}

API int cuEventCreate(Event** event, unsigned) {
    ENTER_WITH_CONTEXT("cuEventCreate");
    *event = new Event();
    machine::live("event", 1);
    return CUDA_SUCCESS;
}

API int cuEventDestroy_v2(Event* event) {
    machine::enter("cuEventDestroy_v2", false);
    delete event;
    machine::live("event", -1);
    return CUDA_SUCCESS;
}

API int cuEventRecord(Event* event, Stream* stream) {
    ENTER_WITH_CONTEXT("cuEventRecord");
    auto mark = std::make_shared<Mark>(Mark{stream, false, 0});
    event->mark = mark;
    return machine::submit(stream, [mark] {
        mark->reached = true;
        mark->milliseconds = now();
        return 0;
    });
}

API int cuEventSynchronize(Event* event) {
    ENTER_OUTSIDE_CAPTURE("cuEventSynchronize");
    auto mark = event->mark;
    if (mark == nullptr || mark->reached) return CUDA_SUCCESS;
    return machine::finish(mark->stream, [mark] { return mark->reached; });
}

API int cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
    ENTER_WITH_CONTEXT("cuEventElapsedTime");
    if (from->mark == nullptr || to->mark == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (!from->mark->reached || !to->mark->reached) return CUDA_ERROR_NOT_READY;
    *milliseconds = (float) (to->mark->milliseconds - from->mark->milliseconds);
    return CUDA_SUCCESS;
}

/* ---- Memory ---- */

API int cuMemPoolCreate(void** pool, const void*) {
    ENTER_WITH_CONTEXT("cuMemPoolCreate");
    machine::live("pool", 1);
    *pool = &device_pool;
    return CUDA_SUCCESS;
}

API int cuMemPoolDestroy(void*) {
    machine::enter("cuMemPoolDestroy", false);
    machine::live("pool", -1);
    return CUDA_SUCCESS;
}

API int cuMemPoolSetAttribute(void*, int, void*) { ENTER("cuMemPoolSetAttribute"); return CUDA_SUCCESS; }
API int cuMemPoolTrimTo(void*, size_t) { ENTER("cuMemPoolTrimTo"); return CUDA_SUCCESS; }

API int cuMemAllocFromPoolAsync(void** address, size_t bytes, void*, Stream*) {
    ENTER_OUTSIDE_CAPTURE("cuMemAllocFromPoolAsync");
    *address = bytes == 0 ? nullptr : machine::allocate(bytes);
    return *address == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

/* Memory is freed after a sticky error, too. */
API int cuMemFreeAsync(void* address, Stream* stream) {
    const int status = machine::enter("cuMemFreeAsync", true);
    machine::submit_always(stream, [address] { return (int) (machine::release(address) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE); });
    return status;
}

API int cuMemHostAlloc(void** address, size_t bytes, unsigned) {
    ENTER_OUTSIDE_CAPTURE("cuMemHostAlloc");
    *address = malloc(bytes);
    machine::live("pinned memory", 1);
    return CUDA_SUCCESS;
}

API int cuMemFreeHost(void* address) {
    machine::enter("cuMemFreeHost", false);
    if (machine::is_busy()) {
        machine::violation("cuMemFreeHost while work is queued that may copy to or from it");
        return CUDA_SUCCESS;
    }
    free(address);
    machine::live("pinned memory", -1);
    return CUDA_SUCCESS;
}

API int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, Stream* stream) {
    ENTER_WITH_CONTEXT("cuMemcpyHtoDAsync_v2");
    return machine::submit(stream, [=] {
        if (!machine::writable(to, bytes, "cuMemcpyHtoDAsync")) return (int) CUDA_ERROR_ILLEGAL_ADDRESS;
        memcpy(to, from, bytes);
        return 0;
    });
}

API int cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t bytes, Stream* stream) {
    ENTER_WITH_CONTEXT("cuMemcpyDtoHAsync_v2");
    /* The host may read memory that was never written: it gets NaN. */
    return machine::submit(stream, [=] { memcpy(to, from, bytes); return 0; });
}

API int cuMemcpyDtoDAsync_v2(void* to, const void* from, size_t bytes, Stream* stream) {
    ENTER_WITH_CONTEXT("cuMemcpyDtoDAsync_v2");
    return machine::submit(stream, [=] {
        if (!machine::readable(from, bytes, "cuMemcpyDtoDAsync") || !machine::writable(to, bytes, "cuMemcpyDtoDAsync")) {
            return (int) CUDA_ERROR_ILLEGAL_ADDRESS;
        }
        memmove(to, from, bytes);
        return 0;
    });
}

API int cuMemsetD32Async(void* to, unsigned value, size_t count, Stream* stream) {
    ENTER_WITH_CONTEXT("cuMemsetD32Async");
    return machine::submit(stream, [=] {
        if (!machine::writable(to, count * 4, "cuMemsetD32Async")) return (int) CUDA_ERROR_ILLEGAL_ADDRESS;
        for (size_t i = 0; i < count; i++) ((unsigned*) to)[i] = value;
        return 0;
    });
}

/* ---- Modules and launches ---- */

API int cuModuleLoadData(Module** module, const void* image) {
    ENTER_WITH_CONTEXT("cuModuleLoadData");
    /* The image is the length of a shared object, then the shared object; see nvrtc.cpp. */
    const size_t bytes = *(const size_t*) image;
    std::string path = machine::folder() + "/kernel-XXXXXX";
    const int file = mkstemp(&path[0]);
    if (file < 0 || write(file, (const char*) image + sizeof bytes, bytes) != (ssize_t) bytes) return CUDA_ERROR_INVALID_VALUE;
    close(file);
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fprintf(stderr, "simulated CUDA machine: %s\n", dlerror());
    unlink(path.c_str());
    if (library == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *module = new Module{library, {}};
    machine::live("module", 1);
    return CUDA_SUCCESS;
}

API int cuModuleUnload(Module* module) {
    machine::enter("cuModuleUnload", false);
    if (machine::is_busy()) {
        machine::violation("cuModuleUnload while work is queued that may run its kernels");
        return CUDA_SUCCESS;
    }
    dlclose(module->library);
    delete module;
    machine::live("module", -1);
    return CUDA_SUCCESS;
}

API int cuModuleGetFunction(Function** function, Module* module, const char* name) {
    ENTER_WITH_CONTEXT("cuModuleGetFunction");
    void* invoke = dlsym(module->library, (std::string("sim_invoke_") + name).c_str());
    void* sizes = dlsym(module->library, (std::string("sim_sizes_") + name).c_str());
    void* shared = dlsym(module->library, "sim_shared_range");
    if (invoke == nullptr || sizes == nullptr || shared == nullptr) return CUDA_ERROR_NOT_FOUND;
    Function& found = module->functions[name];
    found = Function{name, (void (*)(void**)) invoke, (const size_t*) sizes, nullptr, nullptr, DYNAMIC_SHARED};
    ((void (*)(char**, char**)) shared)(&found.shared, &found.shared_end);
    *function = &found;
    return CUDA_SUCCESS;
}

/* Every parameter is a number or a pointer, which is aligned to its size. */
API int cuFuncGetParamInfo(Function* function, size_t index, size_t* offset, size_t* size) {
    ENTER("cuFuncGetParamInfo");
    size_t at = 0;
    for (size_t i = 0; function->sizes[i] != 0; at += function->sizes[i], i++) {
        at = (at + function->sizes[i] - 1) / function->sizes[i] * function->sizes[i];
        if (i < index) continue;
        *offset = at;
        *size = function->sizes[i];
        return CUDA_SUCCESS;
    }
    return CUDA_ERROR_INVALID_VALUE;
}
API int cuFuncGetAttribute(int* value, int attribute, Function* function) {
    ENTER("cuFuncGetAttribute");
    *value = attribute == MAX_DYNAMIC_SHARED ? (int) function->dynamic_limit : 0;
    return CUDA_SUCCESS;
}

API int cuFuncSetAttribute(Function* function, int attribute, int value) {
    ENTER("cuFuncSetAttribute");
    if (attribute != MAX_DYNAMIC_SHARED) return CUDA_SUCCESS;
    if (value < 0 || value > MOST_SHARED) return CUDA_ERROR_INVALID_VALUE;
    function->dynamic_limit = (unsigned) value;
    return CUDA_SUCCESS;
}

API int cuLaunchKernel(
        Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
        Stream* stream, void** parameters, void**) {
    ENTER_WITH_CONTEXT("cuLaunchKernel");
    if (shared > function->dynamic_limit) return CUDA_ERROR_INVALID_VALUE;
    std::vector<std::vector<char>> values; /* copies: a queued launch outlives the memory of its caller */
    for (int i = 0; function->sizes[i] != 0; i++) {
        const char* from = (const char*) parameters[i];
        values.emplace_back(from, from + function->sizes[i]);
    }
    if (!machine::is_launch({gx, gy, gz}, {bx, by, bz})) return CUDA_ERROR_INVALID_VALUE;
    return machine::submit(stream, [=]() mutable {
        std::vector<void*> addresses;
        for (auto& value : values) addresses.push_back(value.data());
        return machine::run(*function, addresses.data(), {gx, gy, gz}, {bx, by, bz}, shared);
    });
}

/* ---- Graphs ---- */

API int cuStreamBeginCapture_v2(Stream* stream, int) {
    ENTER_OUTSIDE_CAPTURE("cuStreamBeginCapture_v2");
    Graph* graph = new Graph();
    captures[stream] = graph;
    stream->capture = graph->work.get();
    return CUDA_SUCCESS;
}

API int cuStreamEndCapture(Stream* stream, Graph** graph) {
    const int status = machine::enter("cuStreamEndCapture", true);
    auto found = captures.find(stream);
    if (found == captures.end()) return status != CUDA_SUCCESS ? status : CUDA_ERROR_INVALID_VALUE;
    Graph* recorded = found->second;
    captures.erase(found); /* the capture ends whatever the status is */
    stream->capture = nullptr;
    if (status != CUDA_SUCCESS || recorded->broken) {
        delete recorded;
        *graph = nullptr;
        return status != CUDA_SUCCESS ? status : CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    *graph = recorded;
    machine::live("graph", 1);
    return CUDA_SUCCESS;
}

API int cuGraphInstantiateWithFlags(Graph** executable, Graph* graph, unsigned long long) {
    ENTER_WITH_CONTEXT("cuGraphInstantiateWithFlags");
    *executable = new Graph(*graph);
    machine::live("executable graph", 1);
    return CUDA_SUCCESS;
}

API int cuGraphLaunch(Graph* executable, Stream* stream) {
    ENTER_WITH_CONTEXT("cuGraphLaunch");
    auto recorded = executable->work;
    return machine::submit(stream, [recorded] {
        for (auto& work : *recorded) {
            const int status = work();
            if (status != CUDA_SUCCESS) return status;
        }
        return 0;
    });
}

API int cuGraphGetNodes(Graph* graph, void**, size_t* count) {
    ENTER("cuGraphGetNodes");
    *count = graph->work->size();
    return CUDA_SUCCESS;
}

API int cuGraphDestroy(Graph* graph) {
    machine::enter("cuGraphDestroy", false);
    delete graph;
    machine::live("graph", -1);
    return CUDA_SUCCESS;
}

API int cuGraphExecDestroy(Graph* executable) {
    machine::enter("cuGraphExecDestroy", false);
    delete executable;
    machine::live("executable graph", -1);
    return CUDA_SUCCESS;
}

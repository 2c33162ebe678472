/* The simulated CUDA machine: cuDNN, libcudnn.so.9: convolutions of float tensors in NHWC, as plain loops. */
#include "machine.h"
#include <stdint.h>
#include <string.h>

namespace {
enum {
    CUDNN_STATUS_SUCCESS = 0,
    CUDNN_STATUS_BAD_PARAM = 2000,
    CUDNN_STATUS_NOT_SUPPORTED = 3000,
    CUDNN_STATUS_EXECUTION_FAILED = 5000,
    CUDNN_TENSOR_NHWC = 1,
    CUDNN_FMA_MATH = 3,
    CUDNN_DATA_FLOAT = 0,
    CUDNN_CROSS_CORRELATION = 1
};

struct Handle {
    machine::Stream* stream;
};
struct Tensor {
    int n, c, h, w;
};
struct Filter {
    int k, c, h, w;
};
struct Convolution {
    int pad, stride, math;
};
/* cudnnConvolution*AlgoPerf_t */
struct Algorithm {
    int algo, status;
    float time;
    size_t memory;
    int determinism, math, reserved[3];
};

float rounded(float value, int math) {
    if (math == CUDNN_FMA_MATH) return value;
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits += (1u << 12) - 1 + (bits >> 13 & 1);
    bits &= ~((1u << 13) - 1);
    memcpy(&value, &bits, 4);
    return value;
}

int out(int extent, int kernel, const Convolution& c) { return (extent + 2 * c.pad - kernel) / c.stride + 1; }

bool agree(const Tensor& x, const Filter& w, const Convolution& c, const Tensor& y) {
    return x.c == w.c && y.c == w.k && x.n == y.n && y.h == out(x.h, w.h, c) && y.w == out(x.w, w.w, c);
}

size_t bytes(const Tensor& t) { return 4ul * t.n * t.c * t.h * t.w; }
size_t bytes(const Filter& f) { return 4ul * f.k * f.c * f.h * f.w; }

/* Calls visit(index into x, index into w, index into y) for every product of the convolution. */
template <class V>
void each(const Tensor& x, const Filter& w, const Convolution& c, const Tensor& y, V visit) {
    for (int n = 0; n < y.n; n++)
        for (int oy = 0; oy < y.h; oy++)
            for (int ox = 0; ox < y.w; ox++)
                for (int k = 0; k < w.k; k++)
                    for (int ky = 0; ky < w.h; ky++)
                        for (int kx = 0; kx < w.w; kx++) {
                            const int iy = oy * c.stride - c.pad + ky, ix = ox * c.stride - c.pad + kx;
                            if (iy < 0 || iy >= x.h || ix < 0 || ix >= x.w) continue;
                            const size_t to = (((size_t) n * y.h + oy) * y.w + ox) * w.k + k;
                            for (int ci = 0; ci < x.c; ci++) {
                                visit((((size_t) n * x.h + iy) * x.w + ix) * x.c + ci, (((size_t) k * w.h + ky) * w.w + kx) * x.c + ci, to);
                            }
                        }
}

/* Device memory of a tensor or of filters. */
struct Range {
    const void* data;
    size_t bytes;
};

/* The shapes of one convolution. */
struct Problem {
    Tensor x;
    Filter w;
    Convolution c;
    Tensor y;
};

/* Checks the memory, rounds the operands as the math type demands, scales the result by beta, and adds the products. */
template <class V>
int run(Range a, Range b, Range result, float beta, const Problem& problem, V visit) {
    const char* who = "cudnnConvolution";
    const int math = problem.c.math;
    if (!machine::readable(a.data, a.bytes, who) || !machine::readable(b.data, b.bytes, who)) return CUDNN_STATUS_EXECUTION_FAILED;
    if ((beta != 0 && !machine::readable(result.data, result.bytes, who)) || !machine::writable((void*) result.data, result.bytes, who)) {
        return CUDNN_STATUS_EXECUTION_FAILED;
    }
    std::vector<float> left(a.bytes / 4), right(b.bytes / 4);
    for (size_t i = 0; i < left.size(); i++) left[i] = rounded(((const float*) a.data)[i], math);
    for (size_t i = 0; i < right.size(); i++) right[i] = rounded(((const float*) b.data)[i], math);
    float* to = (float*) result.data;
    for (size_t i = 0; i < result.bytes / 4; i++) to[i] = beta == 0 ? 0 : beta * to[i];
    each(problem.x, problem.w, problem.c, problem.y, [&](size_t ix, size_t iw, size_t iy) { visit(left.data(), right.data(), to, ix, iw, iy); });
    return CUDNN_STATUS_SUCCESS;
}

int select_one(int wanted, int* found, Algorithm* algorithms, int algo, int math) {
    if (wanted < 1) return CUDNN_STATUS_BAD_PARAM;
    *found = 1;
    algorithms[0] = Algorithm{algo, CUDNN_STATUS_SUCCESS, 1, 256, 1, math, {0, 0, 0}};
    return CUDNN_STATUS_SUCCESS;
}
}  // namespace

#define ENTER(name)                                     \
    do {                                                \
        const int status = machine::enter(name, false); \
        if (status != 0) return status;                 \
    } while (0)

API size_t cudnnGetVersion() { return 91900; }
API size_t cudnnGetCudartVersion() { return 13000; }

API const char* cudnnGetErrorString(int status) {
    return status == CUDNN_STATUS_SUCCESS ? "CUDNN_STATUS_SUCCESS" : status == CUDNN_STATUS_NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED"
         : status == CUDNN_STATUS_BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM" : status == CUDNN_STATUS_EXECUTION_FAILED ? "CUDNN_STATUS_EXECUTION_FAILED"
         : "CUDNN_STATUS_SIMULATED";
}

API void cudnnGetLastErrorString(char* message, size_t size) {
    if (size > 0) message[0] = 0;
}

API int cudnnCreate(Handle** handle) {
    ENTER("cudnnCreate");
    *handle = new Handle{nullptr};
    machine::live("cuDNN handle", 1);
    return CUDNN_STATUS_SUCCESS;
}

API int cudnnDestroy(Handle* handle) {
    machine::enter("cudnnDestroy", false);
    delete handle;
    machine::live("cuDNN handle", -1);
    return CUDNN_STATUS_SUCCESS;
}

API int cudnnSetStream(Handle* handle, machine::Stream* stream) { ENTER("cudnnSetStream"); handle->stream = stream; return CUDNN_STATUS_SUCCESS; }

#define DESCRIPTOR(type, Name)                                                                               \
    API int cudnnCreate##Name##Descriptor(type** d) {                                                        \
        ENTER("cudnnCreate" #Name "Descriptor");                                                             \
        *d = new type();                                                                                     \
        machine::live("cuDNN descriptor", 1);                                                                \
        return CUDNN_STATUS_SUCCESS;                                                                                      \
    }                                                                                                        \
    API int cudnnDestroy##Name##Descriptor(type* d) {                                                        \
        machine::enter("cudnnDestroy" #Name "Descriptor", false);                                            \
        delete d;                                                                                            \
        machine::live("cuDNN descriptor", -1);                                                               \
        return CUDNN_STATUS_SUCCESS;                                                                                      \
    }
DESCRIPTOR(Tensor, Tensor)
DESCRIPTOR(Filter, Filter)
DESCRIPTOR(Convolution, Convolution)

API int cudnnSetTensor4dDescriptor(Tensor* d, int format, int type, int n, int c, int h, int w) {
    ENTER("cudnnSetTensor4dDescriptor");
    if (format != CUDNN_TENSOR_NHWC || type != CUDNN_DATA_FLOAT || n < 1 || c < 1 || h < 1 || w < 1) return CUDNN_STATUS_BAD_PARAM;
    *d = {n, c, h, w};
    return CUDNN_STATUS_SUCCESS;
}

API int cudnnSetFilter4dDescriptor(Filter* d, int type, int format, int k, int c, int h, int w) {
    ENTER("cudnnSetFilter4dDescriptor");
    if (format != CUDNN_TENSOR_NHWC || type != CUDNN_DATA_FLOAT || k < 1 || c < 1 || h < 1 || w < 1) return CUDNN_STATUS_BAD_PARAM;
    *d = {k, c, h, w};
    return CUDNN_STATUS_SUCCESS;
}

API int cudnnSetConvolution2dDescriptor(Convolution* d, int ph, int pw, int sh, int sw, int dh, int dw, int mode, int type) {
    ENTER("cudnnSetConvolution2dDescriptor");
    if (ph != pw || sh != sw || dh != 1 || dw != 1 || mode != CUDNN_CROSS_CORRELATION || type != CUDNN_DATA_FLOAT) {
        return CUDNN_STATUS_BAD_PARAM;
    }
    *d = {ph, sh, 0};
    return CUDNN_STATUS_SUCCESS;
}

API int cudnnSetConvolutionMathType(Convolution* d, int math) { ENTER("cudnnSetConvolutionMathType"); d->math = math; return CUDNN_STATUS_SUCCESS; }

API int cudnnGetConvolution2dForwardOutputDim(Convolution* c, Tensor* x, Filter* w, int* n, int* k, int* h, int* wd) {
    ENTER("cudnnGetConvolution2dForwardOutputDim");
    *n = x->n;
    *k = w->k;
    *h = out(x->h, w->h, *c);
    *wd = out(x->w, w->w, *c);
    return CUDNN_STATUS_SUCCESS;
}

API int cudnnGetConvolutionForwardAlgorithm_v7(Handle*, Tensor* x, Filter* w, Convolution* c, Tensor* y, int n, int* found, Algorithm* algorithms) {
    ENTER("cudnnGetConvolutionForwardAlgorithm_v7");
    return agree(*x, *w, *c, *y) ? select_one(n, found, algorithms, 1, c->math) : CUDNN_STATUS_BAD_PARAM;
}

API int cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle*, Filter* w, Tensor* y, Convolution* c, Tensor* x, int n, int* found, Algorithm* algorithms) {
    ENTER("cudnnGetConvolutionBackwardDataAlgorithm_v7");
    return agree(*x, *w, *c, *y) ? select_one(n, found, algorithms, 1, c->math) : CUDNN_STATUS_BAD_PARAM;
}

API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle*, Tensor* x, Tensor* y, Convolution* c, Filter* w, int n, int* found, Algorithm* algorithms) {
    ENTER("cudnnGetConvolutionBackwardFilterAlgorithm_v7");
    return agree(*x, *w, *c, *y) ? select_one(n, found, algorithms, 1, c->math) : CUDNN_STATUS_BAD_PARAM;
}

API int cudnnConvolutionForward(
        Handle* handle, const float*, Tensor* xd, const void* x, Filter* wd, const void* w, Convolution* cd, int, void*, size_t,
        const float* beta, Tensor* yd, void* y) {
    ENTER("cudnnConvolutionForward");
    if (!agree(*xd, *wd, *cd, *yd)) return CUDNN_STATUS_BAD_PARAM;
    const Problem p = {*xd, *wd, *cd, *yd};
    const float b = *beta;
    return machine::submit(handle->stream, [=] {
        return run(Range{x, bytes(p.x)}, Range{w, bytes(p.w)}, Range{y, bytes(p.y)}, b, p,
                   [](const float* l, const float* r, float* to, size_t ix, size_t iw, size_t iy) { to[iy] += l[ix] * r[iw]; });
    });
}

API int cudnnConvolutionBackwardData(
        Handle* handle, const float*, Filter* wd, const void* w, Tensor* yd, const void* dy, Convolution* cd, int, void*, size_t,
        const float* beta, Tensor* xd, void* dx) {
    ENTER("cudnnConvolutionBackwardData");
    if (!agree(*xd, *wd, *cd, *yd)) return CUDNN_STATUS_BAD_PARAM;
    const Problem p = {*xd, *wd, *cd, *yd};
    const float b = *beta;
    return machine::submit(handle->stream, [=] {
        return run(Range{w, bytes(p.w)}, Range{dy, bytes(p.y)}, Range{dx, bytes(p.x)}, b, p,
                   [](const float* l, const float* r, float* to, size_t ix, size_t iw, size_t iy) { to[ix] += l[iw] * r[iy]; });
    });
}

API int cudnnConvolutionBackwardFilter(
        Handle* handle, const float*, Tensor* xd, const void* x, Tensor* yd, const void* dy, Convolution* cd, int, void*, size_t,
        const float* beta, Filter* wd, void* dw) {
    ENTER("cudnnConvolutionBackwardFilter");
    if (!agree(*xd, *wd, *cd, *yd)) return CUDNN_STATUS_BAD_PARAM;
    const Problem p = {*xd, *wd, *cd, *yd};
    const float b = *beta;
    return machine::submit(handle->stream, [=] {
        return run(Range{x, bytes(p.x)}, Range{dy, bytes(p.y)}, Range{dw, bytes(p.w)}, b, p,
                   [](const float* l, const float* r, float* to, size_t ix, size_t iw, size_t iy) { to[iw] += l[ix] * r[iy]; });
    });
}

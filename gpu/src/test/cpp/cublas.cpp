/* The simulated CUDA machine: cuBLAS, libcublas.so.13. */
#include "machine.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

namespace {
struct Handle {
    machine::Stream* stream;
};

enum {
    CUBLAS_STATUS_SUCCESS = 0,
    CUBLAS_STATUS_ALLOC_FAILED = 3,
    CUBLAS_STATUS_INVALID_VALUE = 7,
    CUBLAS_STATUS_EXECUTION_FAILED = 13
};
enum { CUDA_R_32F = 0, CUBLAS_COMPUTE_32F_FAST_16BF = 75, CUBLAS_COMPUTE_32F_FAST_TF32 = 77 };

/* An operand of a tensor core: rounded to TF32 or bfloat16, to nearest, ties to even. */
float rounded(float value, int compute) {
    if (compute != CUBLAS_COMPUTE_32F_FAST_16BF && compute != CUBLAS_COMPUTE_32F_FAST_TF32) return value;
    const int dropped = compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? 13 : 16;
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if ((bits & 0x7f800000u) == 0x7f800000u) return value;
    bits += (1u << (dropped - 1)) - 1 + (bits >> dropped & 1);
    bits &= ~((1u << dropped) - 1);
    memcpy(&value, &bits, 4);
    return value;
}

bool matrix(const float* m, int rows, int columns, int ld, const char* who, bool write) {
    for (int c = 0; c < columns; c++) {
        float* column = (float*) m + (size_t) c * ld;
        if (write ? !machine::writable(column, rows * 4ul, who) : !machine::readable(column, rows * 4ul, who)) return false;
    }
    return true;
}

/* Vectors hold several elements of C. Each element is the sum of its products in ascending order of p, and every product and every
 * sum is rounded, so vectors of any length give the same bits. */
#ifdef __AVX512F__
const int LANES = 16;
#else
const int LANES = 8;
#endif
typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));
const int VECTORS = 2, ROWS = VECTORS * LANES, COLUMNS = 4;

/* Computes a tile (COLUMNS, ROWS) of products from left (k, ROWS) and right (COLUMNS, k). */
void tile(const float* left, const float* right, int k, float* to) {
    Vector sums[COLUMNS][VECTORS] = {};
    for (int p = 0; p < k; p++) {
        Vector column[VECTORS];
        memcpy(column, left + (size_t) p * ROWS, sizeof column);
        for (int j = 0; j < COLUMNS; j++) {
            for (int v = 0; v < VECTORS; v++) sums[j][v] += column[v] * right[(size_t) j * k + p];
        }
    }
    memcpy(to, sums, sizeof sums);
}

/* A column-major matrix, or its transpose. */
struct Operand {
    const float* data;
    int ld;
    bool transposed;
};

/* Column-major C (m, n) = alpha op(A) op(B) + beta C. */
int product(Operand left_operand, Operand right_operand, int m, int n, int k, float alpha, float beta, float* c, int ldc, int compute) {
    const float *a = left_operand.data, *b = right_operand.data;
    const int lda = left_operand.ld, ldb = right_operand.ld;
    const bool ta = left_operand.transposed, tb = right_operand.transposed;
    const char* who = "cublasGemm";
    if (!matrix(a, ta ? k : m, ta ? m : k, lda, who, false) || !matrix(b, tb ? n : k, tb ? k : n, ldb, who, false)) {
        return CUBLAS_STATUS_EXECUTION_FAILED;
    }
    if ((beta != 0 && !matrix(c, m, n, ldc, who, false)) || !matrix(c, m, n, ldc, who, true)) return CUBLAS_STATUS_EXECUTION_FAILED;
    const int columns = (n + COLUMNS - 1) / COLUMNS * COLUMNS; /* the last tiles are padded with zeros */
    std::vector<float> left((size_t) ROWS * k), right((size_t) columns * k);
    for (int j = 0; j < n; j++) {
        for (int p = 0; p < k; p++) right[(size_t) j * k + p] = rounded(tb ? b[j + (size_t) p * ldb] : b[p + (size_t) j * ldb], compute);
    }
    for (int first = 0; first < m; first += ROWS) {
        const int rows = m - first < ROWS ? m - first : ROWS;
        for (int i = 0; i < ROWS; i++) {
            const float* from = ta ? a + (size_t) (first + i) * lda : a + first + i;
            for (int p = 0; p < k; p++) left[(size_t) p * ROWS + i] = i < rows ? rounded(from[ta ? p : (size_t) p * lda], compute) : 0;
        }
        for (int begin = 0; begin < n; begin += COLUMNS) {
            float sums[COLUMNS][ROWS];
            tile(left.data(), &right[(size_t) begin * k], k, &sums[0][0]);
            for (int j = begin; j < n && j < begin + COLUMNS; j++) {
                for (int i = 0; i < rows; i++) {
                    float& out = c[first + i + (size_t) j * ldc];
                    out = alpha * sums[j - begin][i] + (beta == 0 ? 0 : beta * out);
                }
            }
        }
    }
    return CUBLAS_STATUS_SUCCESS;
}
}  // namespace

#define ENTER(name)                                     \
    do {                                                \
        const int status = machine::enter(name, false); \
        if (status != 0) return status;                 \
    } while (0)

API int cublasGetProperty(int which, int* value) { *value = which == 0 ? 13 : 0; return CUBLAS_STATUS_SUCCESS; }

API const char* cublasGetStatusName(int status) {
    return status == CUBLAS_STATUS_SUCCESS ? "CUBLAS_STATUS_SUCCESS" : status == CUBLAS_STATUS_ALLOC_FAILED ? "CUBLAS_STATUS_ALLOC_FAILED"
         : status == CUBLAS_STATUS_EXECUTION_FAILED ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_SIMULATED";
}

API int cublasCreate_v2(Handle** handle) {
    ENTER("cublasCreate_v2");
    *handle = new Handle{nullptr};
    machine::live("cuBLAS handle", 1);
    return CUBLAS_STATUS_SUCCESS;
}

API int cublasDestroy_v2(Handle* handle) {
    machine::enter("cublasDestroy_v2", false);
    delete handle;
    machine::live("cuBLAS handle", -1);
    return CUBLAS_STATUS_SUCCESS;
}

API int cublasSetStream_v2(Handle* handle, machine::Stream* stream) {
    ENTER("cublasSetStream_v2");
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}

API int cublasSetMathMode(Handle*, int) { ENTER("cublasSetMathMode"); return CUBLAS_STATUS_SUCCESS; }
API int cublasSetWorkspace_v2(Handle*, void*, size_t) { ENTER("cublasSetWorkspace_v2"); return CUBLAS_STATUS_SUCCESS; }

API int cublasGemmEx(
        Handle* handle, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int at, int lda, const void* b,
        int bt, int ldb, const void* beta, void* c, int ct, int ldc, int compute, int) {
    ENTER("cublasGemmEx");
    if (m < 1 || n < 1 || k < 1 || at != CUDA_R_32F || bt != CUDA_R_32F || ct != CUDA_R_32F || lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    const float alpha_now = *(const float*) alpha, beta_now = *(const float*) beta;
    return machine::submit(handle->stream, [=] {
        const Operand left = {(const float*) a, lda, ta != 0}, right = {(const float*) b, ldb, tb != 0};
        return product(left, right, m, n, k, alpha_now, beta_now, (float*) c, ldc, compute);
    });
}

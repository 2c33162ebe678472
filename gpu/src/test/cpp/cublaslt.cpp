/* The simulated CUDA machine: cuBLASLt, libcublasLt.so.13, of which codanet only uses the version. */
#include "machine.h"

API int cublasLtGetProperty(int which, int* value) {
    *value = which == 0 ? 13 : 0;
    return 0;
}

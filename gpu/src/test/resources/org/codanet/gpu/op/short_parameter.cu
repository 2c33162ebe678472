/* A parameter that no launch can set. */
extern "C" __global__ void takes_a_short(float* to, short value) { to[0] = value; }

/* ring: a position in a ring of COUNT barriers, and the parity of its phase. */
template <int COUNT>
struct Ring {
    int index = 0;
    unsigned parity = 0;
    __device__ __forceinline__ void next() {
        if (++index == COUNT) {
            index = 0;
            parity ^= 1;
        }
    }
};

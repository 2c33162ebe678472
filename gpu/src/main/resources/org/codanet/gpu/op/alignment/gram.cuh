/* gram: the layout of the Gram matrices. G (S (S + 1) / 2, D) holds for each unit one entry for each pair r <= s of slots. Entries
 * off the diagonal are stored doubled, so that q = sum over pairs r <= s of G[r, s] a[r] a[s]. */

/* Row of the pair (r, s), r <= s. */
static __device__ __forceinline__ long long pair_of(int r, int s, int slots) {
    return (long long) r * slots - (long long) r * (r - 1) / 2 + s - r;
}

/**
 * JMH benchmarks of single operations and whole networks, with the shapes and batch sizes of real networks, and the program {@link
 * org.codanet.bench.Run} that runs them. Read {@link org.codanet.bench.OnDevice} first, the base class of all benchmarks. The
 * command {@code codanet bench} measures whole networks without JMH. Comparisons with other programs are in {@code bench/peers}.
 */
package org.codanet.bench;

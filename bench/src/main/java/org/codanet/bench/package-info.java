/**
 * Benchmarks by JMH: one class a question, each on the layers and batch sizes that are really used, and the program that runs
 * them. Start with {@link org.codanet.bench.OnDevice}. The command {@code codanet bench} measures whole networks without JMH;
 * comparisons with other programs are in {@code bench/peers}.
 */
package org.codanet.bench;

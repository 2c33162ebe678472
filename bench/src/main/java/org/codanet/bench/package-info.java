/**
 * Benchmarks of single operations, by JMH: one class a question, each on the layers and batch sizes that are really used. Whole
 * networks are measured by the command {@code codanet bench}. Start with {@link org.codanet.bench.OnDevice}.
 */
package org.codanet.bench;

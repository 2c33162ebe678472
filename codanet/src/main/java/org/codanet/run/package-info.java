/**
 * Passes. A pass is one run of a network on one batch of images, from arrays on the heap to arrays on the heap. Read {@link
 * org.codanet.run.PassDefinition} first. Its implementations are the three kinds of pass: {@link org.codanet.run.LogitsPass}, {@link
 * org.codanet.run.ExplanationPass} and {@link org.codanet.run.TrainingPass}.
 *
 * <pre>
 *   PassDefinition            what a pass reads and writes ({@link org.codanet.run.BufferLayout}), and its operations
 *   CapturedPass              the tensors of a pass; runs it eagerly, captures it, replays it
 *   {@link org.codanet.run.PassCache}                 the captured passes of one network: eviction, and a retry if memory is short
 *   {@link org.codanet.run.MicroBatches}              splits a batch if memory is short
 *   {@link org.codanet.run.MemoryPlan}                runs a pass on a device that only counts bytes
 * </pre>
 *
 * <p>This package does not interpret results. {@code org.codanet.explain}, {@code evaluate} and {@code train} split the work, run passes,
 * and convert the results for their callers.
 */
package org.codanet.run;

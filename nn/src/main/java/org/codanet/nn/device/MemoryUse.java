package org.codanet.nn.device;

/**
 * Memory of one device, in bytes.
 *
 * @param live held by open tensors, operations and the workspace
 * @param peak the largest value of {@code live} since the device was opened or {@link Device#resetPeakMemory} was called
 * @param reserved taken from the system: {@code live} and idle blocks that are kept for reuse
 * @param tensors number of open tensors
 */
public record MemoryUse(long live, long peak, long reserved, int tensors) {}

package org.codanet.nn.device;

/**
 * Native memory of one device, in bytes.
 *
 * @param live held by open tensors, operations and workspaces
 * @param peak the most that {@code live} has been since the device was opened or {@link Device#resetPeakMemory}
 * @param reserved held from the system, including what is kept for reuse
 * @param tensors open tensors
 */
public record MemoryUse(long live, long peak, long reserved, int tensors) {}

package org.codanet.nn.device;

/**
 * How to open a device.
 *
 * @param threads worker threads of a CPU device, at least 1; 0 takes one for each available processor
 * @param precision arithmetic of the matrix products; null takes the device's own default
 * @param memoryBudget bytes of native memory the device may hold; 0 sets no bound
 * @param plainLoops true keeps a CPU device off the Vector API, for comparison
 */
public record DeviceOptions(int threads, Precision precision, long memoryBudget, boolean plainLoops) {
    public DeviceOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("device: threads must not be negative, got " + threads);
        }
        if (memoryBudget < 0) {
            throw new IllegalArgumentException("device: memory budget must not be negative, got " + memoryBudget);
        }
    }

    /** Every choice left to the device. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, null, 0, false);
    }

    /** The same with so many worker threads, or 0 for one a processor. */
    public DeviceOptions withThreads(int count) {
        return new DeviceOptions(count, precision, memoryBudget, plainLoops);
    }

    /** The same with this arithmetic, or null for the device's own. */
    public DeviceOptions withPrecision(Precision chosen) {
        return new DeviceOptions(threads, chosen, memoryBudget, plainLoops);
    }

    /** The same with this bound on native memory in bytes, or 0 for none. */
    public DeviceOptions withMemoryBudget(long bytes) {
        return new DeviceOptions(threads, precision, bytes, plainLoops);
    }
}

package org.codanet.nn.device;

/**
 * How to open a device.
 *
 * @param threads worker threads of a CPU device; 0 takes one for each available processor
 * @param precision arithmetic of the matrix products; null takes the device's own default
 * @param memoryBudget bytes of memory that the device may hold; 0 sets no bound
 * @param plainLoops true makes a CPU device use plain loops instead of the Vector API, for comparison
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

    /** The device decides everything. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, null, 0, false);
    }

    /** These options with that many worker threads; 0 takes one for each available processor. */
    public DeviceOptions withThreads(int count) {
        return new DeviceOptions(count, precision, memoryBudget, plainLoops);
    }

    /** These options with that arithmetic; null takes the device's default. */
    public DeviceOptions withPrecision(Precision arithmetic) {
        return new DeviceOptions(threads, arithmetic, memoryBudget, plainLoops);
    }

    /** These options with that bound on memory in bytes; 0 sets none. */
    public DeviceOptions withMemoryBudget(long bytes) {
        return new DeviceOptions(threads, precision, bytes, plainLoops);
    }
}

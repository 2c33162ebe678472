package org.codanet.measure;

/**
 * The throughput of one task at one batch size.
 *
 * @param task what was measured
 * @param batch images per call
 * @param timing duration of the calls
 * @param multiplyAdds multiply-adds per image, as {@link WorkCount} counts them
 * @param peakBytes the largest number of bytes of native memory that the device held during the measurement, warm-up included
 */
public record Measurement(Task task, int batch, Timing timing, long multiplyAdds, long peakBytes) {
    /** Images per second, by the median duration of a call. */
    public double imagesPerSecond() {
        return batch / (timing.median() * 1e-3);
    }

    /** 10⁹ floating-point operations per second. A multiply-add counts as two operations. */
    public double gigaflops() {
        return 2.0 * multiplyAdds * imagesPerSecond() * 1e-9;
    }
}

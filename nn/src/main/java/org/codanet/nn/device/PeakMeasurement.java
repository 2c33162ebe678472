package org.codanet.nn.device;

/** A device that can measure its own limit, for speeds to be stated as a share of it. */
public interface PeakMeasurement {
    /**
     * The most float32 operations a second that a large matrix product reaches with all of the device's threads, in units of
     * 10⁹; a multiply-add counts as two. Takes about a second.
     */
    double peakGflops();
}

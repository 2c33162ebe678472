package org.codanet.nn.device;

/** A device that can measure its peak speed, so that other speeds can be given as a share of it. */
public interface PeakMeasurement {
    /**
     * Speed of a large float32 matrix product on all threads of the device, in 10⁹ floating-point operations per second. A
     * multiply-add counts as two. Takes about a second.
     */
    double peakGflops();
}

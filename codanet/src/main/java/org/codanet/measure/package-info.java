/**
 * What a network and a device achieve: images per second, time per call, share of the device's peak, and whether a device computes
 * correctly at all. Read {@link org.codanet.measure.Throughput} first. The command {@code codanet bench} prints these values, and
 * {@code codanet doctor} prints the results of {@link org.codanet.measure.DeviceCheck}.
 */
package org.codanet.measure;

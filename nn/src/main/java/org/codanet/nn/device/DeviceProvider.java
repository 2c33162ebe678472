package org.codanet.nn.device;

import java.util.List;
import java.util.Optional;

/** Opens the devices of one kind. Found through {@link java.util.ServiceLoader}; creating a provider loads no native library. */
public interface DeviceProvider {
    /** The part of a device name before the index: {@code cpu}, {@code reference}, {@code cuda}. */
    String kind();

    /** Why no device of this kind can be opened here, in one sentence; empty if one can. */
    Optional<String> unavailable();

    /** What {@code doctor} prints about this kind, one line each: hardware, libraries and their versions, or why one was not found. */
    List<String> report();

    /** Rank among the available kinds for the name {@code auto}. The highest wins; a negative rank is never selected. */
    int preference();

    /**
     * Opens a device.
     *
     * @param index which one, from 0
     * @throws DeviceException if it cannot be opened, with the reason
     * @throws IllegalArgumentException if the options ask for what this kind does not have
     */
    Device open(int index, DeviceOptions options);
}

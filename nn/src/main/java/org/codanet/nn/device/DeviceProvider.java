package org.codanet.nn.device;

import java.util.List;
import java.util.Optional;

/** Opens the devices of one kind; found through {@link java.util.ServiceLoader}. Making one loads no native library. */
public interface DeviceProvider {
    /** The name in front of an index: {@code cpu}, {@code reference}, {@code cuda}. */
    String kind();

    /** Why no device of this kind can be opened here, in one sentence; empty if one can. */
    Optional<String> unavailable();

    /** What {@code doctor} prints about this kind: libraries found or why not, versions, hardware. One line each. */
    List<String> report();

    /** Rank among the available kinds when the user leaves the choice to us: the highest wins; negative is never chosen. */
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

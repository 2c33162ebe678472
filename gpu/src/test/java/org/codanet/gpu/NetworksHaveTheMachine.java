package org.codanet.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.junit.jupiter.api.Test;

/** Runs with codanet's own tests, which use every device that can be opened and would pass without this one. */
final class NetworksHaveTheMachine {
    @Test
    void theDeviceCanBeOpenedByName() {
        try (Device device = Devices.open("cuda", DeviceOptions.defaults())) {
            assertEquals("cuda:0", device.name());
        }
    }
}

package org.codanet.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.junit.jupiter.api.Test;

/**
 * Runs together with the tests of module codanet. These use every device that can be opened, so without this test they would also pass
 * if this device could not be opened.
 */
final class NetworksHaveTheMachine {
    @Test
    void theDeviceCanBeOpenedByName() {
        try (Device device = Devices.open("cuda", DeviceOptions.defaults())) {
            assertEquals("cuda:0", device.name());
        }
    }
}

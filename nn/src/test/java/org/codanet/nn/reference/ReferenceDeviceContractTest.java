package org.codanet.nn.reference;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.DeviceContract;

final class ReferenceDeviceContractTest extends DeviceContract {
    @Override
    protected Device open(DeviceOptions options) {
        return new ReferenceDevice(options);
    }
}

package org.codanet.nn.cpu;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.DeviceContract;

final class CpuDeviceContractTest extends DeviceContract {
    @Override
    protected Device open(DeviceOptions options) {
        return new CpuDevice(options);
    }
}

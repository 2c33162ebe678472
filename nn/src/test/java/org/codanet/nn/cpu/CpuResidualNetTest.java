package org.codanet.nn.cpu;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.ResidualNetContract;

final class CpuResidualNetTest extends ResidualNetContract {
    @Override
    protected Device open() {
        return new CpuDevice(DeviceOptions.defaults());
    }
}

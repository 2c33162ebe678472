package org.codanet.nn.cpu.op;

import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.ReluContract;

final class CpuReluTest extends ReluContract {
    @Override
    protected Device open() {
        return new CpuDevice(DeviceOptions.defaults());
    }
}

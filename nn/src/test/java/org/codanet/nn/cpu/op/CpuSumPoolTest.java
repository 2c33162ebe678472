package org.codanet.nn.cpu.op;

import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.SumPoolContract;

final class CpuSumPoolTest extends SumPoolContract {
    @Override
    protected Device open() {
        return new CpuDevice(DeviceOptions.defaults());
    }
}

package org.codanet.nn.cpu.op;

import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.BatchNormContract;

final class CpuBatchNormTest extends BatchNormContract {
    @Override
    protected Device open() {
        return new CpuDevice(DeviceOptions.defaults());
    }
}

package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.CancellingNormsContract;

final class CpuCancellingNormsTest extends CancellingNormsContract {
    @Override
    protected Device open() {
        return new CpuDevice(DeviceOptions.defaults());
    }
}

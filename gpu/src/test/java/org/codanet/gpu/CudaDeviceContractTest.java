package org.codanet.gpu;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.DeviceContract;

final class CudaDeviceContractTest extends DeviceContract {
    @Override
    protected Device open(DeviceOptions options) {
        return SimulatedMachine.open(options);
    }
}

package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.MaxPoolContract;

final class CudaMaxPoolTest extends MaxPoolContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

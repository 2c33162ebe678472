package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.SumPoolContract;

final class CudaSumPoolTest extends SumPoolContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

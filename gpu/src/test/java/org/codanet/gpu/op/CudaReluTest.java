package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ReluContract;

final class CudaReluTest extends ReluContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

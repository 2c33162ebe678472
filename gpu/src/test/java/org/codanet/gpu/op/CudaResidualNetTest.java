package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ResidualNetContract;

final class CudaResidualNetTest extends ResidualNetContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

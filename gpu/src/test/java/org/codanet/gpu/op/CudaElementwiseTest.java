package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ElementwiseContract;

final class CudaElementwiseTest extends ElementwiseContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

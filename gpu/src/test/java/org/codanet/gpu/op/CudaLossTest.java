package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.LossContract;

final class CudaLossTest extends LossContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.SequentialContract;

final class CudaSequentialTest extends SequentialContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

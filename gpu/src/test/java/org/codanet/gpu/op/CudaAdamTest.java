package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.AdamContract;

final class CudaAdamTest extends AdamContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

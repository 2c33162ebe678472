package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ImageInputContract;

final class CudaImageInputTest extends ImageInputContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

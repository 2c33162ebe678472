package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.BatchNormContract;

final class CudaBatchNormTest extends BatchNormContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

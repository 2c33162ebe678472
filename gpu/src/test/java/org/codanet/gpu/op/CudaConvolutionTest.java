package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ConvolutionContract;

final class CudaConvolutionTest extends ConvolutionContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

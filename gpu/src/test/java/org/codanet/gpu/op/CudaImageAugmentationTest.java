package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ImageAugmentationContract;

final class CudaImageAugmentationTest extends ImageAugmentationContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

package org.codanet.gpu.op.alignment;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.DynamicAlignmentContract;

final class CudaDynamicAlignmentTest extends DynamicAlignmentContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

package org.codanet.gpu;

import org.codanet.nn.device.Device;
import org.codanet.nn.testing.CountingContract;

final class CudaCountingTest extends CountingContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

package org.codanet.gpu.op;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.testing.ContributionMapContract;

final class CudaContributionMapTest extends ContributionMapContract {
    @Override
    protected Device open() {
        return SimulatedMachine.open();
    }
}

package org.codanet.nn.reference.alignment;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.reference.ReferenceDevice;
import org.codanet.nn.testing.GoldenLayerContract;

final class ReferenceGoldenLayerTest extends GoldenLayerContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.defaults());
    }

    /** The arithmetic is in double precision. The remaining error is the rounding of the stored float32 values, 6e-8. */
    @Override
    protected double tolerance() {
        return 1e-6;
    }
}

package org.codanet.nn.reference.op;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.reference.ReferenceDevice;
import org.codanet.nn.testing.MaxPoolContract;

final class ReferenceMaxPoolTest extends MaxPoolContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.defaults());
    }

    /** The arithmetic is in double precision; only downloaded values are rounded to float32. */
    @Override
    protected double tolerance() {
        return 1e-6;
    }
}

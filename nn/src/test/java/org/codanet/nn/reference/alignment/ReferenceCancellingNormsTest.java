package org.codanet.nn.reference.alignment;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.reference.ReferenceDevice;
import org.codanet.nn.testing.CancellingNormsContract;

final class ReferenceCancellingNormsTest extends CancellingNormsContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.defaults());
    }

    /** The arithmetic is in double precision. Values are rounded to float32 when they are read. */
    @Override
    protected double tolerance() {
        return 1e-6;
    }
}

package org.codanet.nn.reference.op;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.reference.ReferenceDevice;
import org.codanet.nn.testing.ImageAugmentationContract;

final class ReferenceImageAugmentationTest extends ImageAugmentationContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.defaults());
    }
}

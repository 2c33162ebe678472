package org.codanet.nn.reference;

import java.util.List;
import java.util.Optional;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.DeviceProvider;

/** Opens the {@link ReferenceDevice}. It is always available, and {@code auto} selects it only if no other device is. */
public final class ReferenceDeviceProvider implements DeviceProvider {
    /** For {@link java.util.ServiceLoader}. */
    public ReferenceDeviceProvider() {}

    @Override
    public String kind() {
        return "reference";
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public List<String> report() {
        return List.of("plain loops in double precision, 1 thread; needs no native library");
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public Device open(int index, DeviceOptions options) {
        if (index != 0) {
            throw new DeviceException(
                    "device reference:" + index + ": there is one reference device, with the index 0");
        }
        return new ReferenceDevice(options);
    }
}

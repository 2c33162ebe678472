package org.codanet.testing;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.DeviceProvider;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.params.provider.Arguments;

/** The devices that tests of this module run on: every kind that can be opened on this machine. */
public final class TestDevices {
    /** The device that the others are compared with. It is always available. */
    public static final String REFERENCE = "reference";

    private TestDevices() {}

    /** Names of all devices that can be opened here. */
    public static List<String> names() {
        List<String> names = Devices.providers().stream()
                .filter(provider -> provider.unavailable().isEmpty())
                .map(DeviceProvider::kind)
                .toList();
        if (!names.contains(REFERENCE)) {
            throw new IllegalStateException("there is no reference device among " + names);
        }
        return names;
    }

    /** Each device combined with each case. */
    public static <T> Stream<Arguments> with(Stream<T> cases) {
        List<String> names = names();
        return cases.flatMap(it -> names.stream().map(name -> Arguments.of(name, it)));
    }

    /** Opens a device in float32. */
    public static Device open(String name) {
        return Devices.open(name, DeviceOptions.defaults().withPrecision(Precision.FP32));
    }

    /** A tensor's values. */
    public static float[] values(Device device, Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, values);
        return values;
    }
}

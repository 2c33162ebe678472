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

/**
 * The devices that tests of this module run on: every kind that can be opened on this machine, or those that the system property
 * {@code codanet.testDevices} names, separated by commas. Module gpu runs these tests on its own device only, because this module has
 * run them on the others.
 */
public final class TestDevices {
    private static final List<String> SELECTED = Stream.of(
                    System.getProperty("codanet.testDevices", "").split(","))
            .filter(kind -> !kind.isBlank())
            .toList();

    /** The device that the others are compared with. It is always available. */
    public static final String REFERENCE = "reference";

    private TestDevices() {}

    /** Names of the devices that are tested here. */
    public static List<String> names() {
        List<String> names = Devices.providers().stream()
                .filter(provider -> provider.unavailable().isEmpty())
                .map(DeviceProvider::kind)
                .toList();
        if (!names.contains(REFERENCE)) {
            throw new IllegalStateException("there is no reference device among " + names);
        }
        if (!names.containsAll(SELECTED)) {
            throw new IllegalStateException("of the devices " + SELECTED + " only " + names + " can be opened");
        }
        return SELECTED.isEmpty() ? names : SELECTED;
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

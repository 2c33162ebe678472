package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Tests that the test helpers fail when they should. */
final class CloseTest {
    @Test
    void differencesAreRelativeToTheLargestExpectedValue() {
        float[] expected = {100, 1, -2};
        assertDoesNotThrow(() -> Close.to("t", expected, new float[] {100.0005f, 1.0005f, -2}, 1e-5));
        String message = assertThrows(
                        AssertionError.class, () -> Close.to("t", expected, new float[] {100, 1, -2.1f}, 1e-5))
                .getMessage();
        assertTrue(message.contains("element 2") && message.contains("-2.1") && message.contains("-2.0"), message);
    }

    @Test
    void aNanNeverPasses() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThrows(AssertionError.class, () -> Close.to("t", new float[] {1, 2}, new float[] {1, bad}, 1e-5));
            assertThrows(AssertionError.class, () -> Close.to("t", new float[] {1, bad}, new float[] {1, bad}, 1e-5));
            assertThrows(AssertionError.class, () -> Close.to("t", new float[] {1, bad}, new float[] {1, 2}, 1e-5));
        }
        assertThrows(AssertionError.class, () -> Close.to("t", new float[2], new float[3], 1e-5));
    }

    @Test
    void writesToAnInputOrAGuardAreFound() {
        Workplace input = new Workplace(Devices.open("reference", DeviceOptions.defaults()));
        Tensor read = input.input(Shape.of(3), new float[] {1, 2, 3});
        input.device().elementwise().fill(read.slice(2, 1), 4);
        assertThrows(AssertionError.class, input::close);
        Workplace clean = new Workplace(Devices.open("reference", DeviceOptions.defaults()));
        clean.device().elementwise().fill(clean.output(Shape.of(3)), 4);
        assertDoesNotThrow(clean::close);
    }
}

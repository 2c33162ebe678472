package org.codanet.nn.reference;

import java.util.function.DoubleSupplier;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.Close;

/** Gradients by central differences in double precision. With steps of 1e-5 the relative error is about 1e-9. */
final class FiniteDifferences {
    private static final double STEP = 1e-5;

    private FiniteDifferences() {}

    /** Fails unless {@code gradient} is the gradient of {@code value} with respect to every element of {@code variable}. */
    static void check(String what, ReferenceDevice device, Tensor variable, DoubleSupplier value, double[] gradient) {
        double[] start = device.downloadExactly(variable);
        float[] expected = new float[start.length];
        float[] actual = new float[start.length];
        for (int i = 0; i < start.length; i++) {
            expected[i] = (float)
                    ((at(device, variable, start, i, STEP, value) - at(device, variable, start, i, -STEP, value))
                            / (2 * STEP));
            actual[i] = (float) gradient[i];
        }
        device.uploadExactly(start, variable);
        Close.to(what, expected, actual, 1e-6);
    }

    private static double at(
            ReferenceDevice device, Tensor variable, double[] start, int i, double step, DoubleSupplier value) {
        double[] moved = start.clone();
        moved[i] += step;
        device.uploadExactly(moved, variable);
        return value.getAsDouble();
    }

    /** Σ a b. */
    static double product(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}

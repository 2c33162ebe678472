package org.codanet.measure;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.PeakMeasurement;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The rate that a device reaches with a large matrix product. A device that implements {@link PeakMeasurement} measures it itself.
 * On other devices the product runs as a 1 x 1 convolution.
 */
public final class MatrixProductPeak {
    /** Input and output channels. With the number of positions this is a product of (256, 1024) by (1024, 1024). */
    private static final int CHANNELS = 1024;

    private static final int ROWS = 4;
    private static final int COLUMNS = 64;

    private MatrixProductPeak() {}

    /**
     * 10⁹ floating-point operations per second of the fastest run, in the precision of the device. A multiply-add counts as two
     * operations.
     *
     * @param seconds duration of the measurement and of the warm-up before it
     */
    public static double gigaflops(Device device, double seconds) {
        if (device instanceof PeakMeasurement measurement) {
            return measurement.peakGflops();
        }
        try (Scope scope = Scope.open("peak")) {
            Tensor x = filled(device, scope, Shape.of(1, ROWS, COLUMNS, CHANNELS));
            Tensor w = filled(device, scope, Shape.of(1, 1, CHANNELS, CHANNELS));
            Tensor y = device.allocate(scope, Shape.of(1, ROWS, COLUMNS, CHANNELS));
            Convolution product = device.convolution(scope, new ConvolutionShape(CHANNELS, CHANNELS, 1, 1, 0, false));
            Timing timing = Timing.of(
                    () -> {
                        product.forward(x, w, null, y);
                        device.synchronize();
                    },
                    seconds);
            double operations = 2.0 * ROWS * COLUMNS * CHANNELS * CHANNELS;
            return operations / (timing.best() * 1e6);
        }
    }

    private static Tensor filled(Device device, Scope scope, Shape shape) {
        Tensor tensor = device.allocate(scope, shape);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i % 13 - 6) / 8f;
        }
        device.upload(values, tensor);
        return tensor;
    }
}

package org.codanet.cli.command;

import org.codanet.cli.option.DeviceOption;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.PeakMeasurement;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * What a device reaches at most with a large float32 matrix product: what it says itself, or else a product asked for as the
 * 1 x 1 convolution that it is.
 */
final class MatrixPeak {
    /** Input and output channels; with the positions a product of (256, 1024) by (1024, 1024). */
    private static final int CHANNELS = 1024;

    private static final int ROWS = 4;
    private static final int COLUMNS = 64;

    private MatrixPeak() {}

    /** 10⁹ floating-point operations a second of the best run, a multiply-add counting as two. */
    static double gigaflops(DeviceOption option, double seconds) {
        try (Device device = Devices.open(option.name, option.options().withPrecision(Precision.FP32));
                Scope scope = Scope.open("peak")) {
            if (device instanceof PeakMeasurement own) {
                return own.peakGflops();
            }
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

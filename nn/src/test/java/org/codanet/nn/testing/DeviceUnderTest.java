package org.codanet.nn.testing;

import java.util.Locale;
import org.codanet.bindings.testing.Skip;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.junit.jupiter.api.Nested;

/**
 * Runs all contracts on the device {@code -Dcodanet.test.device=NAME} in the precision {@code -Dcodanet.test.precision=P}, float32 by
 * default. It can test a packaged codanet on a machine that did not build it.
 */
final class DeviceUnderTest {
    private static final Precision PRECISION = Precision.valueOf(
            System.getProperty("codanet.test.precision", "fp32").toUpperCase(Locale.ROOT));

    private static Device device(DeviceOptions options, Precision precision) {
        String name = System.getProperty("codanet.test.device", "");
        Skip.unlessForGpu(!name.isEmpty(), "-Dcodanet.test.device=NAME names no device");
        return Devices.open(name, options.withPrecision(precision));
    }

    private static Device device(DeviceOptions options) {
        return device(options, PRECISION);
    }

    private static Device device() {
        return device(DeviceOptions.defaults());
    }

    private static double tolerance(double float32) {
        return Rounding.tolerance(PRECISION, float32);
    }

    @Nested
    final class Memory extends DeviceContract {
        @Override
        protected Device open(DeviceOptions options) {
            return device(options);
        }
    }

    @Nested
    final class Adam extends AdamContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class ContributionMap extends ContributionMapContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    /** Always in float32, because the contract is about that precision. */
    @Nested
    final class CancellingNorms extends CancellingNormsContract {
        @Override
        protected Device open() {
            return device(DeviceOptions.defaults(), Precision.FP32);
        }
    }

    @Nested
    final class Convolution extends ConvolutionContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class Counting extends CountingContract {
        @Override
        protected Device open() {
            return device();
        }
    }

    @Nested
    final class DynamicAlignment extends DynamicAlignmentContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class Elementwise extends ElementwiseContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class GoldenLayer extends GoldenLayerContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class ImageAugmentation extends ImageAugmentationContract {
        @Override
        protected Device open() {
            return device();
        }
    }

    @Nested
    final class ImageInput extends ImageInputContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class Loss extends LossContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class Sequential extends SequentialContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }

        /**
         * cuBLAS selects a kernel by the extents of a GEMM, which grow with the number of targets. Results for different numbers of
         * targets may therefore differ.
         */
        @Override
        protected double groupTolerance() {
            return tolerance();
        }
    }

    @Nested
    final class BatchNorm extends BatchNormContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class MaxPool extends MaxPoolContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class Relu extends ReluContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class ResidualNet extends ResidualNetContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }

    @Nested
    final class SumPool extends SumPoolContract {
        @Override
        protected Device open() {
            return device();
        }

        @Override
        protected double tolerance() {
            return DeviceUnderTest.tolerance(super.tolerance());
        }
    }
}

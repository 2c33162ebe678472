package org.codanet.nn.cpu;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.testing.AdamContract;
import org.codanet.nn.testing.BatchNormContract;
import org.codanet.nn.testing.ContributionMapContract;
import org.codanet.nn.testing.ConvolutionContract;
import org.codanet.nn.testing.DynamicAlignmentContract;
import org.codanet.nn.testing.ElementwiseContract;
import org.codanet.nn.testing.GoldenLayerContract;
import org.codanet.nn.testing.ImageAugmentationContract;
import org.codanet.nn.testing.ImageInputContract;
import org.codanet.nn.testing.LossContract;
import org.codanet.nn.testing.MaxPoolContract;
import org.codanet.nn.testing.ReluContract;
import org.codanet.nn.testing.ResidualNetContract;
import org.codanet.nn.testing.SumPoolContract;
import org.junit.jupiter.api.Nested;

/** Runs all contracts on one thread. Tasks then run on the calling thread. */
final class CpuOneThreadTest {
    private static Device open() {
        return new CpuDevice(DeviceOptions.defaults().withThreads(1));
    }

    @Nested
    final class Adam extends AdamContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class ContributionMap extends ContributionMapContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class Convolution extends ConvolutionContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class DynamicAlignment extends DynamicAlignmentContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class Elementwise extends ElementwiseContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class ImageAugmentation extends ImageAugmentationContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class ImageInput extends ImageInputContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class Loss extends LossContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class BatchNorm extends BatchNormContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class MaxPool extends MaxPoolContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class Relu extends ReluContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class ResidualNet extends ResidualNetContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class SumPool extends SumPoolContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }

    @Nested
    final class GoldenLayer extends GoldenLayerContract {
        @Override
        protected Device open() {
            return CpuOneThreadTest.open();
        }
    }
}

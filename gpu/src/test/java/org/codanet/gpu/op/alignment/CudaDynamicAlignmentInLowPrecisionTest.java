package org.codanet.gpu.op.alignment;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Precision;
import org.codanet.nn.testing.DynamicAlignmentContract;
import org.codanet.nn.testing.GoldenLayerContract;
import org.junit.jupiter.api.Nested;

/**
 * Runs the contract and the golden layers with TF32 and bfloat16 operands, so that every pass uses the tensor-core form, or the fused
 * form where a layer supports it; {@link TensorCoreTest} has bfloat16 in the tensor-core form. The tolerances
 * are those of a real GPU in these precisions. L2 and WB divide by sums that can be much smaller than their terms.
 */
final class CudaDynamicAlignmentInLowPrecisionTest {
    private static final double TF32 = 8e-3;
    private static final double BF16 = 3e-2;

    private static Device open(Precision precision) {
        return SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision));
    }

    @Nested
    final class ContractInTf32 extends DynamicAlignmentContract {
        @Override
        protected Device open() {
            return CudaDynamicAlignmentInLowPrecisionTest.open(Precision.TF32);
        }

        @Override
        protected double tolerance() {
            return TF32;
        }
    }

    @Nested
    final class ContractInBf16 extends DynamicAlignmentContract {
        @Override
        protected Device open() {
            return CudaDynamicAlignmentInLowPrecisionTest.open(Precision.BF16);
        }

        @Override
        protected double tolerance() {
            return BF16;
        }
    }

    @Nested
    final class GoldenInTf32 extends GoldenLayerContract {
        @Override
        protected Device open() {
            return CudaDynamicAlignmentInLowPrecisionTest.open(Precision.TF32);
        }

        @Override
        protected double tolerance() {
            return TF32;
        }
    }

    @Nested
    final class GoldenInBf16 extends GoldenLayerContract {
        @Override
        protected Device open() {
            return CudaDynamicAlignmentInLowPrecisionTest.open(Precision.BF16);
        }

        @Override
        protected double tolerance() {
            return BF16;
        }
    }
}

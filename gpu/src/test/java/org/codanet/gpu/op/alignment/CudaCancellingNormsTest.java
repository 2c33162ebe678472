package org.codanet.gpu.op.alignment;

import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Precision;
import org.codanet.nn.testing.CancellingNormsContract;
import org.junit.jupiter.api.Nested;

/** The tolerance is that of float32 in every precision, because these layers are computed in float32. */
final class CudaCancellingNormsTest {
    private static Device open(Precision precision) {
        return SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision));
    }

    @Nested
    final class InFp32 extends CancellingNormsContract {
        @Override
        protected Device open() {
            return CudaCancellingNormsTest.open(Precision.FP32);
        }
    }

    @Nested
    final class InTf32 extends CancellingNormsContract {
        @Override
        protected Device open() {
            return CudaCancellingNormsTest.open(Precision.TF32);
        }
    }

    @Nested
    final class InBf16 extends CancellingNormsContract {
        @Override
        protected Device open() {
            return CudaCancellingNormsTest.open(Precision.BF16);
        }
    }
}

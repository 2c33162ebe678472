package org.codanet.nn.cpu.alignment;

import org.codanet.bindings.testing.Skip;
import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.cpu.Processor;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Precision;
import org.codanet.nn.testing.DynamicAlignmentContract;

/** Dynamic alignment in bfloat16. Skipped if the processor has no bfloat16 instructions. */
final class CpuBfloat16DynamicAlignmentTest extends DynamicAlignmentContract {
    @Override
    protected Device open() {
        Processor processor = Processor.here();
        Skip.unless(processor.hasBfloat16(), processor.name() + " has no bfloat16 instructions");
        return new CpuDevice(DeviceOptions.defaults().withPrecision(Precision.BF16));
    }

    /**
     * Patches and weights are rounded to 8 bits of mantissa, with a relative error of 2e-3. L2 and WB divide by norms that are computed from
     * them. With few channels such a norm can be much smaller than its terms, so its relative error is larger.
     */
    @Override
    protected double tolerance() {
        return 3e-2;
    }
}

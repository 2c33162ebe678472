package org.codanet.nn.cpu.alignment;

import org.codanet.bindings.testing.Skip;
import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.cpu.Processor;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Precision;
import org.codanet.nn.testing.DynamicAlignmentContract;

/** Dynamic alignment in bfloat16, skipped where the processor has none. */
final class CpuBfloat16DynamicAlignmentTest extends DynamicAlignmentContract {
    @Override
    protected Device open() {
        Processor processor = Processor.here();
        Skip.unless(processor.hasBfloat16(), processor.name() + " has no bfloat16 instructions");
        return new CpuDevice(DeviceOptions.defaults().withPrecision(Precision.BF16));
    }

    /**
     * Patches and weights are rounded to 8 bits of mantissa, 2e-3 of themselves each; the norms L2 and WB divide by numbers
     * made of them, which on few channels can be much smaller than what they were made of.
     */
    @Override
    protected double tolerance() {
        return 3e-2;
    }
}

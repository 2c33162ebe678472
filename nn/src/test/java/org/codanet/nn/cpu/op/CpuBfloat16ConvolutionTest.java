package org.codanet.nn.cpu.op;

import org.codanet.bindings.testing.Skip;
import org.codanet.nn.cpu.CpuDevice;
import org.codanet.nn.cpu.Processor;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Precision;
import org.codanet.nn.testing.ConvolutionContract;

/** The convolution in bfloat16. Skipped if the processor does not support it. */
final class CpuBfloat16ConvolutionTest extends ConvolutionContract {
    @Override
    protected Device open() {
        Processor processor = Processor.here();
        Skip.unless(processor.hasBfloat16(), processor.name() + " has no bfloat16 instructions");
        return new CpuDevice(DeviceOptions.defaults().withPrecision(Precision.BF16));
    }

    /** Operands are rounded to 8 bits of mantissa, with a relative error of 2e-3. Sums are float32. */
    @Override
    protected double tolerance() {
        return 8e-3;
    }
}

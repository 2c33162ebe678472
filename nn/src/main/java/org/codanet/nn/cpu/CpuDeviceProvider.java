package org.codanet.nn.cpu;

import java.util.List;
import java.util.Optional;
import org.codanet.bindings.NativeLibraryException;
import org.codanet.bindings.OneDnn;
import org.codanet.nn.cpu.kernel.KernelSelection;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.DeviceProvider;

/** Opens the CPU device. There is one, and it is always available. */
public final class CpuDeviceProvider implements DeviceProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CpuDeviceProvider() {}

    @Override
    public String kind() {
        return "cpu";
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public List<String> report() {
        Processor processor = Processor.here();
        return List.of(
                "processor: " + processor.name() + ", " + Runtime.getRuntime().availableProcessors()
                        + " available, instruction sets " + processor.instructionSets(),
                "inner loops: " + KernelSelection.of(false).description(),
                "bf16: " + (processor.hasBfloat16() ? "yes" : "no, this processor has no bfloat16 instructions"),
                oneDnn());
    }

    /** oneDNN's version and path, or each path that was tried and why it was rejected. */
    private static String oneDnn() {
        try {
            return OneDnn.load().toString();
        } catch (NativeLibraryException e) {
            return e.getMessage();
        }
    }

    @Override
    public int preference() {
        return 10;
    }

    @Override
    public Device open(int index, DeviceOptions options) {
        if (index != 0) {
            throw new IllegalArgumentException(
                    "device: cpu:" + index + " does not exist; all processors are one device, cpu");
        }
        return new CpuDevice(options);
    }
}

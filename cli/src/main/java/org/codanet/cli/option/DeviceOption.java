package org.codanet.cli.option;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Failures;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import picocli.CommandLine.Option;

/** Where a command computes. Says which device was opened and why; nothing falls back in silence. */
public final class DeviceOption {
    /** More than any machine has; systems refuse to start tens of thousands only after half a minute. */
    private static final int MOST_THREADS = 4096;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "auto",
            description =
                    "auto, cpu, reference, cuda or cuda:INDEX. auto takes the best present and says why. Default: ${DEFAULT-VALUE}.")
    public String name;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "Worker threads of the CPU device. Default: one for each processor.")
    public int threads;

    @Option(
            names = "--precision",
            paramLabel = "P",
            description = "Arithmetic of the matrix products: fp32, tf32 or bf16. Default: the device's own.")
    Precision precision;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Most native memory to use, such as 800m or 2g; batches are split to fit. Default: no bound.")
    Long memory;

    /** The options as the device takes them. */
    public DeviceOptions options() {
        if (threads > MOST_THREADS) {
            throw new IllegalArgumentException("--threads must be at most " + MOST_THREADS + ", got " + threads);
        }
        return new DeviceOptions(threads, precision, memoryBytes(), false);
    }

    /** The bound on native memory; 0 for none. */
    public long memoryBytes() {
        return memory == null ? 0 : memory;
    }

    /** Opens the device; the caller closes it. */
    public Device open(Console console) {
        Devices.Choice choice = Devices.choose(name, options());
        Device device = choice.device();
        String why = name.equals("auto") ? " (auto: " + brief(choice.reason(), console.verbose) + ")" : "";
        console.say("device: " + device.description() + why);
        device.listenToSelections(made -> console.detail("chosen: " + made));
        return device;
    }

    /**
     * Why a device was chosen, on one line. Of the kinds that were not, the first sentence of each reason: where a driver was
     * looked for is what doctor tells.
     */
    public static String brief(String reason, boolean verbose) {
        String line = Failures.oneLine(reason);
        if (verbose) {
            return line;
        }
        return Stream.of(line.split("; (?=not )"))
                .map(one -> one.contains(". ") && one.endsWith(")") ? one.substring(0, one.indexOf(". ")) + ")" : one)
                .collect(Collectors.joining("; "));
    }
}

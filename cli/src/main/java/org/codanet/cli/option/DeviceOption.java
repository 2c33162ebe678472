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

/** The device that a command runs on. Opening it prints which device was selected and why, so that no fallback is silent. */
public final class DeviceOption {
    /** More threads than any machine has processors. Without this limit, the system refuses a huge number only after half a minute. */
    private static final int MAX_THREADS = 4096;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "auto",
            description =
                    "auto, cpu, reference, cuda or cuda:INDEX. auto selects the best available device and reports why. Default:"
                            + " ${DEFAULT-VALUE}.")
    public String name;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "Worker threads of the CPU device. Default: one per processor.")
    public int threads;

    @Option(
            names = "--precision",
            paramLabel = "P",
            description = "Precision of matrix products: fp32, tf32 or bf16. Default: depends on the device.")
    Precision precision;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "Limit of native memory, such as 800m or 2g. Batches are split to stay within it. Default: no limit.")
    Long memory;

    /** The options for opening the device. */
    public DeviceOptions options() {
        if (threads > MAX_THREADS) {
            throw new IllegalArgumentException("--threads must be at most " + MAX_THREADS + ", got " + threads);
        }
        return new DeviceOptions(threads, precision, memoryBytes(), false);
    }

    /** The limit of native memory in bytes; 0 for no limit. */
    public long memoryBytes() {
        return memory == null ? 0 : memory;
    }

    /** Opens the device and prints its description. With {@code --verbose} it also prints the algorithms that the device selects. */
    public Device open(Console console) {
        Devices.Choice choice = Devices.choose(name, options());
        Device device = choice.device();
        String why = name.equals("auto") ? " (auto: " + brief(choice.reason(), console.verbose) + ")" : "";
        console.say("device: " + device.description() + why);
        device.listenToSelections(selection -> console.detail("selected: " + selection));
        return device;
    }

    /** Opens the device without printing anything. */
    public Device openSilently() {
        return Devices.open(name, options());
    }

    /** Opens the device without printing anything, with a precision that replaces the one of {@code --precision}. */
    public Device openSilently(Precision replacement) {
        return Devices.open(name, options().withPrecision(replacement));
    }

    /**
     * Why a device was selected, on one line. Without {@code verbose}, each reason against another device is cut after its first
     * sentence. The rest lists where drivers were searched for, which {@code codanet doctor} prints as well.
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

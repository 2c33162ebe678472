package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Failures;
import org.codanet.cli.console.NativeAccess;
import org.codanet.cli.console.Version;
import org.codanet.measure.DeviceCheck;
import org.codanet.nn.device.DeviceProvider;
import org.codanet.nn.device.Devices;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reports which devices work on this machine, and why the others do not. */
@Command(
        name = "doctor",
        description = "Checks this machine: Java, memory, native libraries, and a small network on every device.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet doctor",
            "  codanet doctor --json",
            "",
            "The exit code is 0 if at least one device works, 1 if none does."
        })
public final class DoctorCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.doctor/1";

    @Mixin
    Console console;

    @Option(names = "--json", description = "Print one JSON object instead of text.")
    boolean json;

    /**
     * The result for one kind of device.
     *
     * @param report what the provider reports about its libraries, line by line
     * @param description the description of the device; empty if it could not be opened
     * @param problem why the device does not work; empty if it does
     */
    record Finding(String kind, List<String> report, String description, Optional<String> problem) {}

    @Override
    public Integer call() {
        List<Finding> findings =
                Devices.providers().stream().map(DoctorCommand::examine).toList();
        boolean works = findings.stream().anyMatch(f -> f.problem().isEmpty());
        if (json) {
            console.result(asJson(findings, works));
        } else {
            print(findings, works);
        }
        return works ? 0 : 1;
    }

    private static Finding examine(DeviceProvider provider) {
        List<String> report = provider.report();
        Optional<String> reason = provider.unavailable();
        if (reason.isPresent()) {
            return new Finding(provider.kind(), report, "", reason);
        }
        try {
            DeviceCheck.Result result = DeviceCheck.of(provider);
            return new Finding(provider.kind(), report, result.description(), result.problem());
        } catch (RuntimeException e) {
            return new Finding(provider.kind(), report, "", Optional.of(Failures.sentence(e, false)));
        }
    }

    private void print(List<Finding> findings, boolean works) {
        console.result("codanet        %s", Version.number());
        console.result(
                "Java           %s, %s, %s",
                Runtime.version(), System.getProperty("java.vm.name"), System.getProperty("java.home"));
        console.result(
                "system         %s %s, %s",
                System.getProperty("os.name"), System.getProperty("os.version"), System.getProperty("os.arch"));
        console.result("processors     %d", Runtime.getRuntime().availableProcessors());
        console.result(
                "memory         %s, Java heap at most %s",
                ByteSize.text(physicalMemory()),
                ByteSize.text(Runtime.getRuntime().maxMemory()));
        console.result("native access  %s", NativeAccess.describe());
        for (Finding finding : findings) {
            console.result("");
            console.result(
                    "device %s: %s",
                    finding.kind(),
                    finding.problem().map(p -> "does not work: " + p).orElse("works"));
            if (!finding.description().isEmpty()) {
                console.result("  " + finding.description());
            }
            finding.report().forEach(line -> console.result("  " + line));
        }
        console.result("");
        console.result(works ? "At least one device works." : "No device works.");
    }

    private static JsonObject asJson(List<Finding> findings, boolean works) {
        JsonObject result = Console.json(SCHEMA);
        result.addProperty("codanet", Version.number());
        result.addProperty("java", Runtime.version().toString());
        result.addProperty("java_home", System.getProperty("java.home"));
        result.addProperty("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        result.addProperty("arch", System.getProperty("os.arch"));
        result.addProperty("processors", Runtime.getRuntime().availableProcessors());
        result.addProperty("memory_mib", ByteSize.mebibytes(physicalMemory()));
        result.addProperty("heap_mib", ByteSize.mebibytes(Runtime.getRuntime().maxMemory()));
        result.addProperty("native_access", NativeAccess.enabled());
        result.addProperty("native_access_flag", NativeAccess.FLAG);
        JsonArray devices = new JsonArray();
        for (Finding finding : findings) {
            JsonObject device = new JsonObject();
            device.addProperty("kind", finding.kind());
            device.addProperty("works", finding.problem().isEmpty());
            device.addProperty("description", finding.description());
            device.addProperty("problem", finding.problem().orElse(null));
            JsonArray report = new JsonArray();
            finding.report().forEach(report::add);
            device.add("report", report);
            devices.add(device);
        }
        result.add("devices", devices);
        result.addProperty("works", works);
        return result;
    }

    private static long physicalMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }
}

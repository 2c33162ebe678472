package org.codanet.bench;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.PeakMeasurement;

/** Describes the machine and the versions, so that results of different machines can be compared. */
final class Machine {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private Machine() {}

    /**
     * Processor, cores, load, JDK, versions and date, and the peak rate of float32 matrix products on the CPU with all threads
     * ({@code peak_gflops}), which takes about a second to measure.
     *
     * @param arguments the arguments of the run, which become part of the header
     */
    static JsonObject header(String... arguments) throws IOException {
        JsonObject header = new JsonObject();
        header.addProperty("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        header.addProperty("processor", processor());
        header.addProperty("cores", Runtime.getRuntime().availableProcessors());
        header.addProperty(
                "load_before", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        header.addProperty("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        header.addProperty("jdk", Runtime.version() + ", " + System.getProperty("java.vm.name"));
        header.addProperty("codanet", System.getProperty("codanet.revision", "unknown"));
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            header.addProperty("cpu", cpu.description());
            if (cpu instanceof PeakMeasurement measurement) {
                header.addProperty("peak_gflops", Math.round(measurement.peakGflops() * 10) / 10.0);
            }
        }
        header.addProperty("arguments", String.join(" ", arguments));
        return header;
    }

    private static String processor() throws IOException {
        if (!Files.isReadable(PROCESSORS)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElseGet(() -> System.getProperty("os.arch"));
        }
    }
}

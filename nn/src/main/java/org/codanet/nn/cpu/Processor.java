package org.codanet.nn.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A processor, as Linux describes it in {@code /proc/cpuinfo}.
 *
 * @param name model name
 * @param flags instruction sets under the names of the Linux kernel; empty if they cannot be read
 */
public record Processor(String name, Set<String> flags) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /**
     * Instruction sets for descriptions. A description names the first one in each row that the processor has, so the widest comes
     * first.
     */
    private static final List<List<String>> WORTH_NAMING =
            List.of(List.of("amx_tile"), List.of("avx512_bf16"), List.of("avx512f", "avx2", "avx", "asimd"));

    public Processor {
        flags = Set.copyOf(flags);
    }

    /** The processor of this machine. If Linux gives no description, the name is the architecture and there are no flags. */
    public static Processor here() {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            List<String> first = lines.takeWhile(line -> !line.isBlank()).toList();
            String name = field(first, "model name");
            String flags = field(first, "flags") + " " + field(first, "Features");
            return new Processor(
                    name.isEmpty() ? System.getProperty("os.arch") : name,
                    Stream.of(flags.split("\\s+"))
                            .filter(flag -> !flag.isEmpty())
                            .collect(Collectors.toSet()));
        } catch (IOException | java.io.UncheckedIOException e) {
            return new Processor(System.getProperty("os.arch"), Set.of());
        }
    }

    private static String field(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }

    /** Whether the processor has vector instructions for bfloat16 products. */
    public boolean hasBfloat16() {
        return flags.contains("avx512_bf16");
    }

    /** For example {@code avx512_bf16 avx512f}. */
    String instructionSets() {
        String named = WORTH_NAMING.stream()
                .flatMap(row -> row.stream().filter(flags::contains).limit(1))
                .collect(Collectors.joining(" "));
        return named.isEmpty() ? "unknown" : named;
    }
}

package org.codanet.gpu.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.bindings.testing.Skip;
import org.codanet.gpu.OtherJvm;
import org.codanet.gpu.RealLibraries;
import org.codanet.gpu.op.KernelSources;
import org.junit.jupiter.api.Test;

/**
 * Compiles every kernel with NVIDIA's compiler for every supported architecture, and checks registers, shared memory and instructions
 * of the machine code. Needs the wheels that {@code codanet.cuda.wheels} names, but neither a GPU nor a driver.
 */
final class RealCompilerTest {
    private static final String TARGETS = "sm_75,sm_80,sm_86,sm_89,sm_90,sm_100,sm_120";
    /** The environment of .ci/cuda-wheels whose NVRTC compiled the kernels of the table in docs/performance.md. */
    private static final String DOCUMENTED = "cuda-13.0";
    /** Largest number of registers of a thread. A multiprocessor has 65,536 registers, so 1,024 threads fit, half of its maximum. */
    private static final int MOST_REGISTERS = 64;
    /** Largest size of static shared memory, in bytes. */
    private static final int MOST_SHARED = 48 * 1024;

    private static final Map<String, CompletableFuture<List<CompileEveryKernel.Line>>> COMPILED = new HashMap<>();

    /** At the first call all compilers start, each in its own process, which uses one core. */
    private static synchronized List<CompileEveryKernel.Line> compiled(String environment) {
        for (String each : RealLibraries.environments()) {
            COMPILED.computeIfAbsent(
                    each, it -> CompletableFuture.supplyAsync(() -> compile(it), Thread::startVirtualThread));
        }
        return COMPILED.get(environment).join();
    }

    private static List<CompileEveryKernel.Line> compile(String environment) {
        String output = OtherJvm.output(environment, CompileEveryKernel.class, TARGETS);
        List<CompileEveryKernel.Line> lines = output.lines()
                .filter(line -> !line.startsWith("#"))
                .map(CompileEveryKernel.Line::parse)
                .toList();
        assertTrue(lines.size() > 100, "only " + lines.size() + " kernels were compiled:\n" + output);
        write(environment, output);
        return lines;
    }

    /** Writes the lines to a file. The table in docs/performance.md is written from it. */
    private static void write(String environment, String output) {
        try {
            Files.writeString(
                    Path.of("target", "kernels-" + Path.of(environment).getFileName() + ".txt"), output);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Test
    void everyKernelCompilesAndStaysWithinItsLimits() {
        for (String environment : RealLibraries.environments()) {
            for (CompileEveryKernel.Line each : compiled(environment)) {
                String where = each + " of " + environment;
                assertTrue(each.counts().shared() <= MOST_SHARED, where);
                int most = each.kernel().matches("(patch_first|weight_streaming)_forward")
                                || each.counts().hmma() > 0
                        ? 255
                        : MOST_REGISTERS;
                assertTrue(each.counts().registers() > 0 && each.counts().registers() <= most, where);
                assertEquals(0, each.counts().local(), "local memory: " + where);
                assertEquals(0, each.counts().stack(), "stack: " + where);
                assertEquals(
                        each.kernel()
                                .matches(
                                        "tensor_core_(forward|forward_one_tile|back_projection|gradient_positions|gradient_weights)"
                                                + "|fused_(forward|factor_gradient|back_projection|weight_gradient)"),
                        each.counts().hmma() > 0,
                        "tensor cores: " + where);
                if (each.kernel().startsWith("tensor_core") && each.counts().hmma() > 0) {
                    assertTrue(each.loop() != null, "no loop with tensor core instructions: " + where);
                    assertEquals(0, each.loop().local(), "local memory in the loop: " + where);
                }
            }
        }
    }

    /** Other compiler versions produce other numbers of instructions. */
    @Test
    void theDocumentHasTheTableOfLoops() throws IOException {
        String environment = RealLibraries.environments().stream()
                .filter(each -> each.endsWith(DOCUMENTED))
                .findFirst()
                .orElse(null);
        Skip.unlessForGpu(
                environment != null,
                "no environment ends with " + DOCUMENTED + ", for whose compiler the document has the table");
        List<String> table = LoopTable.of(compiled(environment));
        Files.write(Path.of("target", "loops.md"), table);
        String document = Files.readString(Path.of("../docs/performance.md"));
        assertTrue(
                document.contains(String.join("\n", table) + "\n"),
                () -> "docs/performance.md does not have the table of loops, which is:\n" + String.join("\n", table));
    }

    /** An architecture that the device compiles for and that is not checked here would first be compiled on such a GPU. */
    @Test
    void theTargetsAreThoseThatTheDeviceCompilesFor() {
        List<String> targets = List.of(TARGETS.split(","));
        List<Integer> capabilities = targets.stream()
                .map(target -> Integer.valueOf(target.replaceAll("\\D", "")))
                .toList();
        assertEquals(
                targets,
                capabilities.stream()
                        .map(capability -> KernelCompiler.target(capability, capabilities))
                        .toList());
    }

    /** A source that is missing from the list would first be compiled when it is used. */
    @Test
    void theListNamesEverySource() throws IOException {
        Set<String> listed =
                KernelSources.all(90).stream().map(KernelSource::file).collect(Collectors.toCollection(TreeSet::new));
        Path folder = Path.of("src/main/resources/org/codanet/gpu/op");
        try (Stream<Path> files = Files.walk(folder)) {
            assertEquals(
                    files.map(file -> folder.relativize(file).toString().replace('\\', '/'))
                            .filter(name -> name.endsWith(".cu"))
                            .collect(Collectors.toCollection(TreeSet::new)),
                    listed);
        }
    }
}

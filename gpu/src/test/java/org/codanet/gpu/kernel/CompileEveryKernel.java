package org.codanet.gpu.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.kernel.MachineCode.Instruction;
import org.codanet.gpu.op.KernelSources;

/**
 * Compiles every kernel with the NVRTC of {@code codanet.cuda.path} for the architectures in the first argument, and prints one line for
 * each kernel. Runs in its own process, because a process can load only one NVRTC.
 */
final class CompileEveryKernel {
    private CompileEveryKernel() {}

    /**
     * One printed line.
     *
     * @param file the source and its defines
     * @param target the architecture
     * @param loop the innermost loop with tensor core instructions; null if there is none
     */
    record Line(String file, String target, String kernel, Counts counts, MachineCode.Loop loop) {
        /**
         * Resources and instructions of a kernel.
         *
         * @param registers number of registers of a thread
         * @param shared bytes of shared memory of a block
         * @param stack bytes of stack of a thread
         * @param instructions number of instructions in all
         * @param hmma tensor core instructions
         * @param ffma float32 multiply-adds
         * @param local accesses to local memory
         * @param sharedAccess accesses to shared memory
         * @param globalAccess accesses to global memory
         */
        record Counts(
                int registers,
                int shared,
                int stack,
                int instructions,
                int hmma,
                int ffma,
                int local,
                int sharedAccess,
                int globalAccess) {}

        static Line of(String file, String target, MachineCode.Kernel kernel) {
            return new Line(
                    file,
                    target,
                    kernel.name(),
                    new Counts(
                            kernel.registers(),
                            kernel.shared(),
                            kernel.stack(),
                            kernel.instructions(),
                            kernel.count(Instruction.HMMA)
                                    + kernel.count(Instruction.HGMMA_SHARED)
                                    + kernel.count(Instruction.HGMMA_REGISTERS),
                            kernel.count(Instruction.FFMA),
                            kernel.count(Instruction.LOAD_LOCAL) + kernel.count(Instruction.STORE_LOCAL),
                            kernel.count(Instruction.LOAD_SHARED) + kernel.count(Instruction.STORE_SHARED),
                            kernel.count(Instruction.LOAD_GLOBAL) + kernel.count(Instruction.STORE_GLOBAL)),
                    kernel.loop().orElse(null));
        }

        static Line parse(String text) {
            String[] words = text.split(" ");
            int[] n = Arrays.stream(words).skip(3).mapToInt(Integer::parseInt).toArray();
            return new Line(
                    words[0],
                    words[1],
                    words[2],
                    new Counts(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]),
                    n.length == 9 ? null : new MachineCode.Loop(n[9], n[10], n[11], n[12], n[13], n[14], n[15], n[16]));
        }

        String text() {
            IntStream numbers = IntStream.of(
                    counts.registers,
                    counts.shared,
                    counts.stack,
                    counts.instructions,
                    counts.hmma,
                    counts.ffma,
                    counts.local,
                    counts.sharedAccess,
                    counts.globalAccess);
            if (loop != null) {
                numbers = IntStream.concat(
                        numbers,
                        IntStream.of(
                                loop.instructions(),
                                loop.around(),
                                loop.hmma(),
                                loop.multiplies(),
                                loop.sharedReads(),
                                loop.sharedBytes(),
                                loop.globalReads(),
                                loop.local()));
            }
            return Stream.concat(Stream.of(file, target, kernel), numbers.mapToObj(Integer::toString))
                    .collect(Collectors.joining(" "));
        }
    }

    /** Writes the machine code to a file, for inspection with nvdisasm. */
    private static void write(KernelSource source, String target, byte[] code) throws IOException {
        Path folder = Files.createDirectories(
                Path.of("target", "cubin", CudaLibraries.nvrtc().version()));
        String defines = String.join("-", source.defines());
        // A file name has at most 255 bytes.
        String shortened = defines.length() <= 150 ? defines : Integer.toHexString(defines.hashCode());
        String name = source.file().replace('/', '-') + "-" + shortened + "-" + target + ".cubin";
        Files.write(folder.resolve(name), code);
    }

    public static void main(String[] arguments) throws IOException {
        System.out.println("# " + CudaLibraries.nvrtc());
        for (String target : arguments[0].split(",")) {
            int capability = Integer.parseInt(target.replaceAll("\\D", ""));
            if (!RuntimeCompiler.architectures().contains(capability)) {
                System.out.println("# this NVRTC does not know " + target);
                continue;
            }
            for (KernelSource source : KernelSources.all(capability)) {
                byte[] code = RuntimeCompiler.compile(source, source.specific() ? target + "a" : target);
                write(source, target, code);
                for (MachineCode.Kernel kernel : MachineCode.kernels(code, capability)) {
                    String name = source.file()
                            + source.defines().stream()
                                    .filter(define -> !define.startsWith("BLOCK"))
                                    .map(define -> ":" + define)
                                    .reduce("", String::concat);
                    System.out.println(Line.of(name, target, kernel).text());
                }
            }
        }
    }
}

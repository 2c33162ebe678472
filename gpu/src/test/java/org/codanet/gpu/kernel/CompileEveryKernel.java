package org.codanet.gpu.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.codanet.bindings.CudaLibraries;
import org.codanet.gpu.kernel.MachineCode.Instruction;
import org.codanet.gpu.op.KernelSources;

/**
 * Compiles every kernel with the NVRTC of {@code codanet.cuda.path} for the architectures in the first argument, and prints a line
 * for each kernel. A process of its own, because a process loads one NVRTC.
 */
final class CompileEveryKernel {
    private CompileEveryKernel() {}

    /** One printed line. */
    record Line(
            String file,
            String target,
            String kernel,
            int registers,
            int shared,
            int stack,
            int instructions,
            int hmma,
            int ffma,
            int local,
            int sharedAccess,
            int globalAccess) {
        static Line parse(String text) {
            String[] words = text.split(" ");
            int[] n = new int[words.length];
            for (int i = 3; i < words.length; i++) {
                n[i] = Integer.parseInt(words[i]);
            }
            return new Line(words[0], words[1], words[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11]);
        }

        String text() {
            return String.join(
                    " ",
                    file,
                    target,
                    kernel,
                    String.valueOf(registers),
                    String.valueOf(shared),
                    String.valueOf(stack),
                    String.valueOf(instructions),
                    String.valueOf(hmma),
                    String.valueOf(ffma),
                    String.valueOf(local),
                    String.valueOf(sharedAccess),
                    String.valueOf(globalAccess));
        }
    }

    /** For a look with nvdisasm. */
    private static void keep(KernelSource source, String target, byte[] code) throws IOException {
        Path folder = Files.createDirectories(
                Path.of("target", "cubin", CudaLibraries.nvrtc().version()));
        String name = source.file() + "-" + String.join("-", source.defines()) + "-" + target + ".cubin";
        Files.write(folder.resolve(name), code);
    }

    public static void main(String[] arguments) throws IOException {
        System.out.println("# " + CudaLibraries.nvrtc());
        for (String target : arguments[0].split(",")) {
            List<Integer> known = RuntimeCompiler.architectures();
            if (!known.contains(Integer.parseInt(target.replaceAll("\\D", "")))) {
                System.out.println("# this NVRTC does not know " + target);
                continue;
            }
            for (KernelSource source : KernelSources.all(Integer.parseInt(target.replaceAll("\\D", "")))) {
                byte[] code = RuntimeCompiler.compile(source, target);
                keep(source, target, code);
                for (MachineCode.Kernel kernel : MachineCode.kernels(code)) {
                    String name = source.file()
                            + source.defines().stream()
                                    .filter(define -> !define.startsWith("BLOCK"))
                                    .map(define -> ":" + define)
                                    .reduce("", String::concat);
                    System.out.println(new Line(
                                    name,
                                    target,
                                    kernel.name(),
                                    kernel.registers(),
                                    kernel.shared(),
                                    kernel.stack(),
                                    kernel.instructions(),
                                    kernel.count(Instruction.HMMA),
                                    kernel.count(Instruction.FFMA),
                                    kernel.count(Instruction.LOAD_LOCAL) + kernel.count(Instruction.STORE_LOCAL),
                                    kernel.count(Instruction.LOAD_SHARED) + kernel.count(Instruction.STORE_SHARED),
                                    kernel.count(Instruction.LOAD_GLOBAL) + kernel.count(Instruction.STORE_GLOBAL))
                            .text());
                }
            }
        }
    }
}

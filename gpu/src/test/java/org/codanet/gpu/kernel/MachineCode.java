package org.codanet.gpu.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Reads the resources and instructions of kernels from a cubin, the ELF file that NVRTC writes, without NVIDIA's tools. Registers and
 * stack come from the attributes in {@code .nv.info}, shared memory from the size of {@code .nv.shared}, and instructions from {@code
 * .text}. An instruction has 16 bytes. The lowest 12 bits are the opcode, the next four the predicate. Bits 73 to 75 are the width of a
 * memory access. A branch has the distance to its target in bits 34 to 81, in words of four bytes from the instruction after it. From
 * compute capability 9.0 on, bits 16 to 23 follow as the lowest bits of the distance.
 */
final class MachineCode {
    private static final int FRAME_SIZE = 0x11;
    private static final int REGISTER_COUNT = 0x2f;
    private static final int VALUE_FORMAT = 4;
    /** Opcodes of branches. The second occurs from compute capability 10.0 on. */
    private static final Set<Integer> BRANCHES = Set.of(0x947, 0x547);

    private static final int FMUL = 0x020;
    /** The predicate that is never true. The compiler inserts loads from shared memory with this predicate for timing. */
    private static final int NEVER = 15;

    private static final int WARP = 32;

    /** Opcodes of compute capability 7.5 and newer. */
    enum Instruction {
        HMMA(0x23c),
        /** A matrix product of a warpgroup, on Hopper, with the left operand in shared memory or in registers. */
        HGMMA_SHARED(0x9f0),
        HGMMA_REGISTERS(0xdf0),
        FFMA(0x223),
        LOAD_LOCAL(0x983),
        STORE_LOCAL(0x387),
        LOAD_SHARED(0x984),
        STORE_SHARED(0x388),
        LOAD_GLOBAL(0x981),
        STORE_GLOBAL(0x986);

        private final int opcode;

        Instruction(int opcode) {
            this.opcode = opcode;
        }
    }

    /**
     * One kernel.
     *
     * @param stack bytes of local memory of a thread: arrays, spilled registers, stack frames
     * @param counts number of instructions in the code, not of their executions
     * @param loop the innermost loop with tensor core instructions, if there is one
     */
    record Kernel(
            String name,
            int registers,
            int shared,
            int stack,
            int instructions,
            Map<Instruction, Integer> counts,
            Optional<Loop> loop) {
        int count(Instruction instruction) {
            return counts.getOrDefault(instruction, 0);
        }
    }

    /**
     * A loop: the instructions from the target of a backward branch to the branch.
     *
     * @param instructions number of instructions
     * @param around number of instructions of the enclosing loop outside this loop; 0 if there is no enclosing loop
     * @param hmma tensor core instructions
     * @param multiplies FFMA and FMUL instructions
     * @param sharedReads loads from shared memory
     * @param sharedBytes bytes that these loads read for a warp
     * @param globalReads loads from global memory to registers
     * @param local accesses to local memory
     */
    record Loop(
            int instructions,
            int around,
            int hmma,
            int multiplies,
            int sharedReads,
            int sharedBytes,
            int globalReads,
            int local) {}

    private record Range(int first, int last) {
        int length() {
            return last - first + 1;
        }

        boolean isAround(Range other) {
            return first <= other.first && last >= other.last && length() > other.length();
        }
    }

    private record Section(String name, long offset, int size, int link, int entrySize) {}

    private final ByteBuffer file;
    private final int capability;
    private final List<Section> sections = new ArrayList<>();

    private MachineCode(byte[] cubin, int capability) {
        this.capability = capability;
        file = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
        if (file.getInt(0) != 0x464c457f) {
            throw new IllegalArgumentException("this is not an ELF file");
        }
        int table = (int) file.getLong(0x28);
        int size = file.getShort(0x3a);
        int count = file.getShort(0x3c);
        int names = (int) file.getLong(table + file.getShort(0x3e) * size + 24);
        for (int i = 0; i < count; i++) {
            int at = table + i * size;
            sections.add(new Section(
                    text(names + file.getInt(at)),
                    file.getLong(at + 24),
                    (int) file.getLong(at + 32),
                    file.getInt(at + 40),
                    (int) file.getLong(at + 56)));
        }
    }

    /** The kernels of a cubin for a compute capability, in the order of its text. */
    static List<Kernel> kernels(byte[] cubin, int capability) {
        return new MachineCode(cubin, capability).read();
    }

    private List<Kernel> read() {
        Map<String, Integer> registers = new LinkedHashMap<>();
        Map<String, Integer> frames = new LinkedHashMap<>();
        attributes(registers, frames);
        List<Kernel> kernels = new ArrayList<>();
        for (Section section : sections) {
            if (section.name.startsWith(".text.")) {
                String name = section.name.substring(".text.".length());
                Map<Instruction, Integer> counts = new LinkedHashMap<>();
                for (int at = 0; at < section.size; at += 16) {
                    int opcode = file.getInt((int) section.offset + at) & 0xfff;
                    for (Instruction each : Instruction.values()) {
                        if (each.opcode == opcode) {
                            counts.merge(each, 1, Integer::sum);
                        }
                    }
                }
                kernels.add(new Kernel(
                        name,
                        registers.getOrDefault(name, 0),
                        sections.stream()
                                .filter(each -> each.name.equals(".nv.shared." + name))
                                .mapToInt(Section::size)
                                .sum(),
                        frames.getOrDefault(name, 0),
                        section.size / 16,
                        counts,
                        loop(section)));
            }
        }
        return kernels;
    }

    private int opcode(Section text, int number) {
        return file.getInt((int) text.offset + 16 * number) & 0xfff;
    }

    /** Index of the instruction that a branch jumps to. */
    private int target(Section text, int number) {
        int at = (int) text.offset + 16 * number;
        long low = file.getLong(at);
        long high = file.getLong(at + 8);
        long upper = (low >>> 34 | high << 30) << 16 >> 16;
        long distance = capability >= 90 ? upper << 8 | low >>> 16 & 0xff : upper;
        return number + 1 + (int) (distance / 4);
    }

    private Optional<Loop> loop(Section text) {
        List<Range> loops = new ArrayList<>();
        for (int i = 0; i < text.size / 16; i++) {
            if (BRANCHES.contains(opcode(text, i)) && target(text, i) <= i) {
                loops.add(new Range(target(text, i), i));
            }
        }
        Optional<Range> inner = loops.stream()
                .filter(each -> count(text, each, Instruction.HMMA) > 0)
                .min(Comparator.comparingInt(Range::length));
        return inner.map(range -> loop(
                text,
                range,
                loops.stream()
                        .filter(each -> each.isAround(range))
                        .mapToInt(each -> each.length() - range.length())
                        .min()
                        .orElse(0)));
    }

    private int count(Section text, Range range, Instruction instruction) {
        return (int) IntStream.rangeClosed(range.first, range.last)
                .filter(i -> opcode(text, i) == instruction.opcode)
                .count();
    }

    private Loop loop(Section text, Range range, int around) {
        int multiplies = 0;
        int sharedReads = 0;
        int sharedBytes = 0;
        for (int i = range.first; i <= range.last; i++) {
            int opcode = opcode(text, i);
            int at = (int) text.offset + 16 * i;
            // The upper bits distinguish operands in registers, in constant memory and in the instruction.
            if ((opcode & 0x1ff) == (Instruction.FFMA.opcode & 0x1ff) || (opcode & 0x1ff) == FMUL) {
                multiplies++;
            }
            if (opcode == Instruction.LOAD_SHARED.opcode && (file.getInt(at) >>> 12 & 15) != NEVER) {
                sharedReads++;
                // 4, 5 and 6 are 32, 64 and 128 bits.
                sharedBytes += WARP << Math.max(2, (file.getInt(at + 8) >>> 9 & 7) - 2);
            }
        }
        return new Loop(
                range.length(),
                around,
                count(text, range, Instruction.HMMA),
                multiplies,
                sharedReads,
                sharedBytes,
                count(text, range, Instruction.LOAD_GLOBAL),
                count(text, range, Instruction.LOAD_LOCAL) + count(text, range, Instruction.STORE_LOCAL));
    }

    private void attributes(Map<String, Integer> registers, Map<String, Integer> frames) {
        Section symbols = section(".symtab");
        int names = (int) sections.get(symbols.link).offset;
        Section info = section(".nv.info");
        for (int at = (int) info.offset; at < info.offset + info.size; ) {
            int format = file.get(at);
            int attribute = file.get(at + 1);
            if (format == VALUE_FORMAT && (attribute == FRAME_SIZE || attribute == REGISTER_COUNT)) {
                int symbol = (int) symbols.offset + file.getInt(at + 4) * symbols.entrySize;
                String name = text(names + file.getInt(symbol));
                (attribute == FRAME_SIZE ? frames : registers).put(name, file.getInt(at + 8));
            }
            at += 4 + (format == VALUE_FORMAT ? file.getShort(at + 2) : 0);
        }
    }

    private Section section(String name) {
        return sections.stream()
                .filter(each -> each.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the file has no " + name));
    }

    private String text(int at) {
        int end = at;
        while (file.get(end) != 0) {
            end++;
        }
        return new String(file.array(), at, end - at, StandardCharsets.UTF_8);
    }
}

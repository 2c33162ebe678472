package org.codanet.gpu.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the machine code of a compiled source says about its kernels, read from the ELF file that NVRTC makes: no tool of NVIDIA's
 * is needed. Registers and stack come from the attributes in {@code .nv.info}, shared memory from the size of {@code .nv.shared},
 * instructions from {@code .text}: 16 bytes each, the opcode in the lowest 12 bits.
 */
final class MachineCode {
    private static final int FRAME_SIZE = 0x11;
    private static final int REGISTER_COUNT = 0x2f;
    private static final int VALUE_FORMAT = 4;

    /** Opcodes of compute capability 7.5 and newer. */
    enum Instruction {
        HMMA(0x23c),
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
     * @param stack bytes of local memory that a thread has: arrays, spilled registers, frames of calls
     * @param counts instructions in the text, not how often they run
     */
    record Kernel(
            String name, int registers, int shared, int stack, int instructions, Map<Instruction, Integer> counts) {
        int count(Instruction instruction) {
            return counts.getOrDefault(instruction, 0);
        }
    }

    private record Section(String name, long offset, int size, int link, int entrySize) {}

    private final ByteBuffer file;
    private final List<Section> sections = new ArrayList<>();

    private MachineCode(byte[] cubin) {
        file = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
        if (file.getInt(0) != 0x464c457f) {
            throw new IllegalArgumentException("this is no ELF file");
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

    /** The kernels of a cubin in the order of its text. */
    static List<Kernel> kernels(byte[] cubin) {
        return new MachineCode(cubin).read();
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
                        counts));
            }
        }
        return kernels;
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

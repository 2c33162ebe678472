package org.codanet.nn.cpu.kernel.bf16;

import java.io.ByteArrayOutputStream;

/**
 * Assembles the few x86-64 and AVX-512 instructions that {@link Bfloat16Code} needs. Source of the encodings: Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 2, sections 2.1 and 2.7. Memory operands always have an index byte and a 32-bit
 * displacement, which is never scaled.
 */
final class Avx512Assembler {
    /** Register numbers of the general-purpose registers. */
    static final int RAX = 0;

    static final int RCX = 1;
    static final int RDX = 2;
    static final int RSP = 4;
    static final int RSI = 6;
    static final int RDI = 7;
    static final int R8 = 8;
    static final int R9 = 9;
    static final int R10 = 10;
    static final int R11 = 11;

    private static final int NO_INDEX = 4;

    /** Opcode maps and mandatory prefixes, as they are encoded in an EVEX prefix. */
    private static final int MAP_0F = 1;

    private static final int MAP_0F38 = 2;
    private static final int PREFIX_NONE = 0;
    private static final int PREFIX_66 = 1;
    private static final int PREFIX_F3 = 2;

    private static final int BITS_256 = 1;
    private static final int BITS_512 = 2;

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    /**
     * A memory operand: {@code base + index · scale + displacement}.
     *
     * @param index a general-purpose register other than RSP; {@link #NO_INDEX} for none
     * @param scale 1, 2, 4 or 8
     */
    record Place(int base, int index, int scale, int displacement) {}

    static Place at(int base, int displacement) {
        return new Place(base, NO_INDEX, 1, displacement);
    }

    static Place at(int base, int index, int scale) {
        return new Place(base, index, scale, 0);
    }

    /** Offset of the next instruction. */
    int offset() {
        return code.size();
    }

    byte[] instructions() {
        return code.toByteArray();
    }

    /** {@code zmm = 16 floats}. */
    void load(int zmm, Place from) {
        vector(MAP_0F, PREFIX_NONE, 0x10, zmm, 0, from, BITS_512);
    }

    /** {@code 16 floats = zmm}. */
    void store(Place to, int zmm) {
        vector(MAP_0F, PREFIX_NONE, 0x11, zmm, 0, to, BITS_512);
    }

    /** {@code 32 bytes = the lower half of zmm}. */
    void storeHalf(Place to, int zmm) {
        vector(MAP_0F, PREFIX_NONE, 0x11, zmm, 0, to, BITS_256);
    }

    /** {@code every lane of zmm = 4 bytes}. */
    void broadcast(int zmm, Place from) {
        vector(MAP_0F38, PREFIX_66, 0x58, zmm, 0, from, BITS_512);
    }

    /** {@code zmm = 0}. */
    void clear(int zmm) {
        vector(MAP_0F, PREFIX_66, 0xEF, zmm, zmm, zmm);
    }

    /** {@code the lower half of zmm = 16 floats, rounded to bfloat16}. */
    void round(int zmm, Place from) {
        vector(MAP_0F38, PREFIX_F3, 0x72, zmm, 0, from, BITS_512);
    }

    /** {@code the lower half of zmm = the floats of another, rounded to bfloat16}. */
    void round(int zmm, int from) {
        vector(MAP_0F38, PREFIX_F3, 0x72, zmm, 0, from);
    }

    void add(int zmm, int left, int right) {
        vector(MAP_0F, PREFIX_NONE, 0x58, zmm, left, right);
    }

    void subtract(int zmm, int left, int right) {
        vector(MAP_0F, PREFIX_NONE, 0x5C, zmm, left, right);
    }

    void multiply(int zmm, int left, int right) {
        vector(MAP_0F, PREFIX_NONE, 0x59, zmm, left, right);
    }

    /** {@code sum += the products of two pairs of bfloat16 numbers}, lane by lane, in float32. */
    void addProducts(int sum, int left, int right) {
        vector(MAP_0F38, PREFIX_F3, 0x52, sum, left, right);
    }

    void move(int to, int from) {
        general(0x89, from, to);
    }

    void move(int to, Place from) {
        general(0x8B, to, from);
    }

    void move(Place to, int from) {
        general(0x89, from, to);
    }

    /** {@code 2 bytes = 0}. */
    void clear(Place to) {
        bytes(0x66, 0x40 | to.index() >> 3 << 1 | to.base() >> 3, 0xC7);
        operand(0, to);
        bytes(0, 0);
    }

    void add(int to, int term) {
        general(0x01, term, to);
    }

    void add(int to, Place term) {
        general(0x03, to, term);
    }

    void addConstant(int to, int value) {
        bytes(0x48 | to >> 3, 0x81, 0xC0 | to & 7);
        int32(value);
    }

    /** {@code to = the address of the operand}. */
    void address(int to, Place place) {
        general(0x8D, to, place);
    }

    /** Decrements a counter and jumps back to {@code offset} unless it is zero. */
    void repeat(int counter, int offset) {
        bytes(0x48 | counter >> 3, 0xFF, 0xC8 | counter & 7);
        bytes(0x0F, 0x85);
        int32(offset - (offset() + 4));
    }

    /** Subtracts from a counter and jumps back to {@code offset} while it is positive. */
    void repeatBy(int counter, int step, int offset) {
        addConstant(counter, -step);
        bytes(0x0F, 0x8F);
        int32(offset - (offset() + 4));
    }

    /** Assembles VZEROUPPER, so that later code with shorter vectors is not slowed down, and the return. */
    void end() {
        bytes(0xC5, 0xF8, 0x77, 0xC3);
    }

    /** Assembles an instruction on 64-bit general-purpose registers. */
    private void general(int opcode, int register, int other) {
        bytes(0x48 | register >> 3 << 2 | other >> 3, opcode, 0xC0 | (register & 7) << 3 | other & 7);
    }

    private void general(int opcode, int register, Place place) {
        bytes(0x48 | register >> 3 << 2 | place.index() >> 3 << 1 | place.base() >> 3, opcode);
        operand(register, place);
    }

    /** Assembles an instruction with an EVEX prefix, in which the upper bits of register numbers are inverted. */
    private void vector(int map, int prefix, int opcode, int register, int second, Place place, int length) {
        bytes(
                0x62,
                inverted(register, 3) << 7
                        | inverted(place.index(), 3) << 6
                        | inverted(place.base(), 3) << 5
                        | inverted(register, 4) << 4
                        | map,
                (~second & 15) << 3 | 4 | prefix,
                length << 5 | inverted(second, 4) << 3,
                opcode);
        operand(register, place);
    }

    private void vector(int map, int prefix, int opcode, int register, int second, int third) {
        bytes(
                0x62,
                inverted(register, 3) << 7
                        | inverted(third, 4) << 6
                        | inverted(third, 3) << 5
                        | inverted(register, 4) << 4
                        | map,
                (~second & 15) << 3 | 4 | prefix,
                BITS_512 << 5 | inverted(second, 4) << 3,
                opcode,
                0xC0 | (register & 7) << 3 | third & 7);
    }

    private static int inverted(int register, int bit) {
        return ~register >> bit & 1;
    }

    private void operand(int register, Place place) {
        int scale = Integer.numberOfTrailingZeros(place.scale());
        bytes(0x80 | (register & 7) << 3 | 4, scale << 6 | (place.index() & 7) << 3 | place.base() & 7);
        int32(place.displacement());
    }

    private void int32(int value) {
        bytes(value, value >> 8, value >> 16, value >> 24);
    }

    private void bytes(int... values) {
        for (int value : values) {
            code.write(value);
        }
    }
}

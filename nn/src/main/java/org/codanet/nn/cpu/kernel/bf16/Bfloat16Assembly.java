package org.codanet.nn.cpu.kernel.bf16;

import static org.codanet.nn.cpu.kernel.bf16.Avx512Assembler.*;

import org.codanet.nn.cpu.kernel.Kernels;

/**
 * Generates the machine code of {@link Bfloat16Code}. Each method assembles one function and returns the offset of its entry.
 *
 * <p>Arguments follow the calling convention of Linux: six in RDI, RSI, RDX, RCX, R8 and R9, the others on the stack above the return
 * address. The convention allows a called function to overwrite all registers that are used here. Strides and offsets are in bytes.
 */
final class Bfloat16Assembly {
    private static final int VECTOR = Float.BYTES * Bfloat16Code.LANES;

    /** Registers for the sums of a tile, two for each row. */
    private static final int SUMS = 2 * Kernels.ROWS;

    /**
     * First register after the sums. Two registers hold vectors of the panel. The others hold, in turn, a row's value broadcast to every
     * lane.
     */
    private static final int PANEL = SUMS;

    private static final int ROW = SUMS + 2;
    private static final int ROW_REGISTERS = 4;
    private static final int ZERO = 31;

    private Bfloat16Assembly() {}

    /** Registers: values, out, number of vectors, offset of the values, offset of out. */
    static int round(Avx512Assembler code) {
        int entry = code.offset();
        code.add(RDI, RCX);
        code.add(RSI, R8);
        int again = code.offset();
        code.round(0, at(RDI, 0));
        code.storeHalf(at(RSI, 0), 0);
        code.addConstant(RDI, VECTOR);
        code.addConstant(RSI, VECTOR / 2);
        code.repeat(RDX, again);
        code.end();
        return entry;
    }

    /** Registers: g, a, out, rows, ldg, lda. Stack: offsets of g, a and out, an unused argument, stride of out. */
    static int scale(Avx512Assembler code) {
        int entry = code.offset();
        code.add(RDI, at(RSP, 8));
        code.add(RSI, at(RSP, 16));
        code.add(RDX, at(RSP, 24));
        int again = code.offset();
        code.load(0, at(RDI, 0));
        code.broadcast(1, at(RSI, 0));
        code.multiply(0, 0, 1);
        code.round(0, 0);
        code.storeHalf(at(RDX, 0), 0);
        code.add(RDI, R8);
        code.add(RSI, R9);
        code.add(RDX, at(RSP, 40));
        code.repeat(RCX, again);
        code.end();
        return entry;
    }

    /** Like {@link #scale}, with ldf in place of the unused argument. */
    static int expand(Avx512Assembler code) {
        int entry = code.offset();
        code.add(RDI, at(RSP, 8));
        code.add(RSI, at(RSP, 16));
        code.add(RDX, at(RSP, 24));
        code.move(R10, at(RSP, 32));
        code.clear(ZERO);
        int again = code.offset();
        code.address(RAX, at(R8, R8, 2));
        code.load(0, at(RDI, 0));
        code.load(1, at(RDI, R8, 1));
        code.load(2, at(RDI, R8, 2));
        code.load(3, at(RDI, RAX, 1));
        code.address(RAX, at(R9, R9, 2));
        code.broadcast(4, at(RSI, 0));
        code.broadcast(5, at(RSI, R9, 1));
        code.broadcast(6, at(RSI, R9, 2));
        code.broadcast(7, at(RSI, RAX, 1));
        for (int i = 0; i < 4; i++) {
            code.multiply(i, i, 4 + i);
        }
        code.add(4, 0, 2);
        code.add(5, 1, 3);
        code.subtract(6, 0, 2);
        code.subtract(7, 1, 3);
        code.subtract(2, ZERO, 2);
        code.subtract(3, ZERO, 3);
        code.move(R11, RDX);
        expandRow(code, 0, 1);
        expandRow(code, 4, 5);
        expandRow(code, 6, 7);
        expandRow(code, 2, 3);
        code.address(RDI, at(RDI, R8, 4));
        code.address(RSI, at(RSI, R9, 4));
        code.add(RDX, at(RSP, 40));
        code.repeat(RCX, again);
        code.end();
        return entry;
    }

    private static void expandRow(Avx512Assembler code, int x, int y) {
        code.add(8, x, y);
        code.subtract(9, x, y);
        code.subtract(10, ZERO, y);
        int[] columns = {x, 8, 9, 10};
        for (int column : columns) {
            code.round(11, column);
            code.storeHalf(at(R11, 0), 11);
            code.add(R11, R10);
        }
    }

    /**
     * Registers: a, z, slots, rows, lda, ldz. Stack: offsets of a and z. Values for which there is no register are stored in the red
     * zone below the stack pointer, which a leaf function may use.
     */
    static int pairs(Avx512Assembler code) {
        Place rowOfA = at(RSP, -8);
        Place rowOfZ = at(RSP, -16);
        Place lengthOfA = at(RSP, -24);
        Place lengthOfZ = at(RSP, -32);
        int entry = code.offset();
        code.add(RDI, at(RSP, 8));
        code.add(RSI, at(RSP, 16));
        code.move(lengthOfA, R8);
        code.move(lengthOfZ, R9);
        code.move(RAX, RCX);
        int nextRow = code.offset();
        code.move(rowOfA, RDI);
        code.move(rowOfZ, RSI);
        code.move(RCX, RDX);
        int nextSlot = code.offset();
        code.broadcast(0, at(RDI, 0));
        code.move(R10, RDI);
        code.move(R11, RSI);
        code.move(R8, RCX);
        int again = code.offset();
        code.load(1, at(R10, 0));
        code.multiply(1, 1, 0);
        code.round(1, 1);
        code.storeHalf(at(R11, 0), 1);
        code.addConstant(R10, VECTOR);
        code.addConstant(R11, VECTOR / 2);
        code.repeatBy(R8, Bfloat16Code.LANES, again);
        // The next slot overwrites the values that were written past the end of this one.
        code.address(RSI, at(RSI, RCX, 2));
        code.addConstant(RDI, Float.BYTES);
        code.repeat(RCX, nextSlot);
        code.clear(at(RSI, 0));
        code.move(RDI, rowOfA);
        code.add(RDI, lengthOfA);
        code.move(RSI, rowOfZ);
        code.add(RSI, lengthOfZ);
        code.repeat(RAX, nextRow);
        code.end();
        return entry;
    }

    /**
     * Registers: a, b, c, count, lda, offset of a. Stack: steps, offsets of b and c, then for a, b and c the distance from the end of one
     * operand to the beginning of the next.
     */
    static int product(Avx512Assembler code, int width, boolean add) {
        int entry = code.offset();
        code.move(RAX, RCX);
        code.add(RDI, R9);
        code.add(RSI, at(RSP, 16));
        code.add(RDX, at(RSP, 24));
        code.address(R9, at(R8, R8, 2));
        code.address(R10, at(R8, R8, 4));
        code.address(R11, at(R10, R8, 2));
        Place[] rows = {
            at(RDI, 0),
            at(RDI, R8, 1),
            at(RDI, R8, 2),
            at(RDI, R9, 1),
            at(RDI, R8, 4),
            at(RDI, R10, 1),
            at(RDI, R9, 2),
            at(RDI, R11, 1)
        };
        int next = code.offset();
        int sums = width * Kernels.ROWS;
        for (int i = 0; i < sums; i++) {
            if (add) {
                code.load(i, at(RDX, i * VECTOR));
            } else {
                code.clear(i);
            }
        }
        code.move(RCX, at(RSP, 8));
        int again = code.offset();
        for (int v = 0; v < width; v++) {
            code.load(PANEL + v, at(RSI, v * VECTOR));
        }
        for (int i = 0; i < Kernels.ROWS; i++) {
            int row = ROW + i % ROW_REGISTERS;
            code.broadcast(row, rows[i]);
            for (int v = 0; v < width; v++) {
                code.addProducts(i * width + v, row, PANEL + v);
            }
        }
        code.addConstant(RDI, Float.BYTES);
        code.addConstant(RSI, width * VECTOR);
        code.repeat(RCX, again);
        for (int i = 0; i < sums; i++) {
            code.store(at(RDX, i * VECTOR), i);
        }
        code.add(RDI, at(RSP, 32));
        code.add(RSI, at(RSP, 40));
        code.add(RDX, at(RSP, 48));
        code.repeat(RAX, next);
        code.end();
        return entry;
    }
}

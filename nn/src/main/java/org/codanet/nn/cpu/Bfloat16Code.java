package org.codanet.nn.cpu;

import static org.codanet.nn.cpu.Avx512Assembler.*;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.codanet.bindings.MachineCode;

/**
 * The inner loops in bfloat16, assembled at the first use for processors with avx512_bf16: what oneDNN does too, but on tiles
 * that the caller reduces while they are in the first-level cache. Two bfloat16 numbers lie in the place of one float of a heap array,
 * the earlier in its lower half; {@code VDPBF16PS} multiplies and adds 32 of them, into 16 sums in float32.
 */
final class Bfloat16Code {
    /** Floats of a vector, and the lanes of the panels. */
    static final int LANES = 16;

    private static final int VECTOR = Float.BYTES * LANES;

    /** Where the sums of a tile end, 2 vectors a row. */
    private static final int SUMS = 2 * Kernels.ROWS;

    /** After the sums: two vectors of the panel, and the values of a row in every lane, which take turns. */
    private static final int PANEL = SUMS;

    private static final int ROW = SUMS + 2;
    private static final int ROW_REGISTERS = 4;
    private static final int ZERO = 31;

    private static final FunctionDescriptor PRODUCT = FunctionDescriptor.ofVoid(
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);

    private static final FunctionDescriptor ROUND = FunctionDescriptor.ofVoid(
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);

    private static final FunctionDescriptor SCALE = FunctionDescriptor.ofVoid(
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);

    private static final FunctionDescriptor PAIRS = FunctionDescriptor.ofVoid(
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);

    private static final String REFUSED;
    private static final MethodHandle ROUNDING;
    private static final MethodHandle SCALING;
    private static final MethodHandle EXPANSION;
    private static final MethodHandle PAIRING;
    private static final MethodHandle ONE;
    private static final MethodHandle ONE_MORE;
    private static final MethodHandle TWO;
    private static final MethodHandle TWO_MORE;

    static {
        Avx512Assembler code = new Avx512Assembler();
        int rounding = round(code);
        int scaling = scale(code);
        int expansion = expand(code);
        int pairing = pairs(code);
        int one = product(code, 1, false);
        int oneMore = product(code, 1, true);
        int two = product(code, 2, false);
        int twoMore = product(code, 2, true);
        MachineCode loaded = null;
        String reason = "";
        try {
            loaded = MachineCode.load(code.instructions());
        } catch (IllegalStateException e) {
            reason = e.getMessage();
        }
        REFUSED = reason;
        ROUNDING = function(loaded, rounding, ROUND);
        SCALING = function(loaded, scaling, SCALE);
        EXPANSION = function(loaded, expansion, SCALE);
        PAIRING = function(loaded, pairing, PAIRS);
        ONE = function(loaded, one, PRODUCT);
        ONE_MORE = function(loaded, oneMore, PRODUCT);
        TWO = function(loaded, two, PRODUCT);
        TWO_MORE = function(loaded, twoMore, PRODUCT);
    }

    private Bfloat16Code() {}

    private static MethodHandle function(MachineCode code, int offset, FunctionDescriptor descriptor) {
        return code == null ? null : code.function(offset, descriptor);
    }

    /** Why nothing here can be called though the processor could: the system gives no executable memory. Empty if it does. */
    static String refused() {
        return REFUSED;
    }

    /**
     * Rounds {@code count} floats, a multiple of 16, to half as many places.
     *
     * @param to offset in {@code out}, in places
     */
    static void round(float[] values, int from, float[] out, int to, int count) {
        try {
            ROUNDING.invokeExact(
                    MemorySegment.ofArray(values),
                    MemorySegment.ofArray(out),
                    (long) count / LANES,
                    (long) Float.BYTES * from,
                    (long) Float.BYTES * to);
        } catch (Throwable failure) {
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /**
     * Rounds {@code a[i·lda] · g[i·ldg + 0..16)} for {@code rows} rows.
     *
     * @param oo offset in {@code out}, in numbers; rows are {@code ldt} numbers apart
     */
    static void scale(float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldt, int rows) {
        try {
            SCALING.invokeExact(
                    MemorySegment.ofArray(g),
                    MemorySegment.ofArray(a),
                    MemorySegment.ofArray(out),
                    (long) rows,
                    (long) Float.BYTES * ldg,
                    (long) Float.BYTES * lda,
                    (long) Float.BYTES * go,
                    (long) Float.BYTES * ao,
                    2L * oo,
                    0L,
                    2L * ldt);
        } catch (Throwable failure) {
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /** {@link Kernels#winogradExpand} for {@code rows} rows, rounded; offset and strides of {@code out} in numbers. */
    static void expand(
            float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldf, int ldt, int rows) {
        try {
            EXPANSION.invokeExact(
                    MemorySegment.ofArray(g),
                    MemorySegment.ofArray(a),
                    MemorySegment.ofArray(out),
                    (long) rows,
                    (long) Float.BYTES * ldg,
                    (long) Float.BYTES * lda,
                    (long) Float.BYTES * go,
                    (long) Float.BYTES * ao,
                    2L * oo,
                    2L * ldf,
                    2L * ldt);
        } catch (Throwable failure) {
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /**
     * {@link Kernels#pairProducts} of all slots for {@code rows} rows, rounded, each followed by a zero.
     *
     * @param ldz numbers between the rows of {@code z}; at least 16 more than there are pairs
     */
    static void pairs(float[] a, int ao, int lda, int slots, float[] z, int ldz, int rows) {
        try {
            PAIRING.invokeExact(
                    MemorySegment.ofArray(a),
                    MemorySegment.ofArray(z),
                    (long) slots,
                    (long) rows,
                    (long) Float.BYTES * lda,
                    2L * ldz,
                    (long) Float.BYTES * ao,
                    0L);
        } catch (Throwable failure) {
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /**
     * {@code c = a · b}, or {@code c += a · b} if {@code add}, {@code count} times over: 8 rows of a, {@code lda} apart, by a panel
     * (steps, width · lanes) of b to a tile of c. All extents and offsets in places; a step is two values of the depth.
     *
     * @param nextA from the a of one product to that of the next; likewise nextB and nextC
     */
    static void product(
            float[] a,
            int ao,
            int lda,
            int nextA,
            float[] b,
            int bo,
            int nextB,
            int width,
            float[] c,
            int co,
            int nextC,
            int steps,
            int count,
            boolean add) {
        MemorySegment left = MemorySegment.ofArray(a);
        MemorySegment right = MemorySegment.ofArray(b);
        MemorySegment sums = MemorySegment.ofArray(c);
        long row = (long) Float.BYTES * lda;
        long atA = (long) Float.BYTES * ao;
        long atB = (long) Float.BYTES * bo;
        long atC = (long) Float.BYTES * co;
        // What is left to go after the depth.
        long restA = (long) Float.BYTES * (nextA - steps);
        long restB = (long) Float.BYTES * (nextB - steps * width * LANES);
        long restC = (long) Float.BYTES * nextC;
        try {
            if (width == 2 && add) {
                TWO_MORE.invokeExact(
                        left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            } else if (width == 2) {
                TWO.invokeExact(left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            } else if (add) {
                ONE_MORE.invokeExact(
                        left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            } else {
                ONE.invokeExact(left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            }
        } catch (Throwable failure) {
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /** Arguments in registers as Linux passes them: values, out, vectors, the offsets in bytes. */
    private static int round(Avx512Assembler code) {
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

    /** In registers g, a, out, rows, ldg and lda; above the return address the offsets of g, a and out, nothing, and ldt. */
    private static int scale(Avx512Assembler code) {
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

    /** As {@link #scale}, with ldf in the free place. */
    private static int expand(Avx512Assembler code) {
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
     * In registers a, z, slots, rows, lda and ldz; above the return address the offsets of a and z. What does not fit the registers is
     * kept below the stack pointer, where the calling convention lets a function that calls no other.
     */
    private static int pairs(Avx512Assembler code) {
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
        code.repeatBy(R8, LANES, again);
        // What was written past this slot is overwritten by the next.
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
     * In registers a, b, c, count, the row length and a's offset; above the return address steps, the offsets of b and c, and the rests
     * of a, b and c.
     */
    private static int product(Avx512Assembler code, int width, boolean add) {
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

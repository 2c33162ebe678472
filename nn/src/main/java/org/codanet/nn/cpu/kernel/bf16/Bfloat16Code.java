package org.codanet.nn.cpu.kernel.bf16;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.codanet.bindings.MachineCode;
import org.codanet.nn.cpu.kernel.Kernels;
import org.codanet.nn.cpu.kernel.Operand;
import org.codanet.nn.cpu.kernel.Rows;

/**
 * The inner loops in bfloat16, for processors with avx512_bf16. Neither Java nor its Vector API has these instructions, so {@link
 * Bfloat16Assembly} generates the machine code at the first use. oneDNN generates code, too. The difference is that the callers of this
 * class reduce each tile while it is in the first-level cache.
 *
 * <p>Arrays in bfloat16 are float arrays in which each element holds two bfloat16 numbers, the first in its lower half. Offsets and
 * strides are in elements or in numbers; each method documents which. {@code VDPBF16PS} multiplies 32 pairs of numbers and adds the
 * products to 16 sums in float32.
 */
public final class Bfloat16Code {
    /** Floats of a vector and lanes of a panel. */
    public static final int LANES = 16;

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
    private static final MethodHandle ADD_ONE;
    private static final MethodHandle TWO;
    private static final MethodHandle ADD_TWO;

    static {
        Avx512Assembler code = new Avx512Assembler();
        int rounding = Bfloat16Assembly.round(code);
        int scaling = Bfloat16Assembly.scale(code);
        int expansion = Bfloat16Assembly.expand(code);
        int pairing = Bfloat16Assembly.pairs(code);
        int one = Bfloat16Assembly.product(code, 1, false);
        int addOne = Bfloat16Assembly.product(code, 1, true);
        int two = Bfloat16Assembly.product(code, 2, false);
        int addTwo = Bfloat16Assembly.product(code, 2, true);
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
        ADD_ONE = function(loaded, addOne, PRODUCT);
        TWO = function(loaded, two, PRODUCT);
        ADD_TWO = function(loaded, addTwo, PRODUCT);
    }

    private Bfloat16Code() {}

    private static MethodHandle function(MachineCode code, int offset, FunctionDescriptor descriptor) {
        return code == null ? null : code.function(offset, descriptor);
    }

    /** Why the operating system does not provide executable memory, in which case no method here can be called. Empty if it does. */
    public static String refused() {
        return REFUSED;
    }

    /**
     * Rounds {@code count} floats, a multiple of 16, to half as many elements.
     *
     * @param to offset in {@code out}, in elements
     */
    public static void round(float[] values, int from, float[] out, int to, int count) {
        try {
            ROUNDING.invokeExact(
                    MemorySegment.ofArray(values),
                    MemorySegment.ofArray(out),
                    (long) count / LANES,
                    (long) Float.BYTES * from,
                    (long) Float.BYTES * to);
        } catch (Throwable failure) {
            throw new AssertionError("machine code throws nothing", failure);
        }
    }

    /**
     * Rounds the first element of each row of {@code a} times the first 16 of the same row of {@code g}, for {@code count} rows.
     *
     * @param out offset and stride in numbers
     */
    public static void scale(Rows g, Rows a, Rows out, int count) {
        try {
            SCALING.invokeExact(
                    MemorySegment.ofArray(g.values()),
                    MemorySegment.ofArray(a.values()),
                    MemorySegment.ofArray(out.values()),
                    (long) count,
                    (long) Float.BYTES * g.stride(),
                    (long) Float.BYTES * a.stride(),
                    (long) Float.BYTES * g.offset(),
                    (long) Float.BYTES * a.offset(),
                    2L * out.offset(),
                    0L,
                    2L * out.stride());
        } catch (Throwable failure) {
            throw new AssertionError("machine code throws nothing", failure);
        }
    }

    /**
     * {@link Kernels#winogradExpand} for {@code count} rows, with results rounded to bfloat16.
     *
     * @param out offset and stride in numbers
     * @param ldf distance between two frequencies, in numbers
     */
    public static void expand(Rows g, Rows a, Rows out, int ldf, int count) {
        try {
            EXPANSION.invokeExact(
                    MemorySegment.ofArray(g.values()),
                    MemorySegment.ofArray(a.values()),
                    MemorySegment.ofArray(out.values()),
                    (long) count,
                    (long) Float.BYTES * g.stride(),
                    (long) Float.BYTES * a.stride(),
                    (long) Float.BYTES * g.offset(),
                    (long) Float.BYTES * a.offset(),
                    2L * out.offset(),
                    2L * ldf,
                    2L * out.stride());
        } catch (Throwable failure) {
            throw new AssertionError("machine code throws nothing", failure);
        }
    }

    /**
     * {@link Kernels#pairProducts} of all slots for {@code rows} rows, with results rounded to bfloat16. A zero follows each row.
     *
     * @param ldz distance between the rows of {@code z}, in numbers; at least 16 more than the number of pairs
     */
    public static void pairs(float[] a, int ao, int lda, int slots, float[] z, int ldz, int rows) {
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
            throw new AssertionError("machine code throws nothing", failure);
        }
    }

    /**
     * {@code count} products {@code c = a · b}, or {@code c += a · b} if {@code add}. Each a has 8 rows, {@code lda} apart, each b is a
     * panel (steps, width · lanes), each c a tile of floats. All extents and offsets are in elements; a step is two values of the depth.
     */
    public static void product(Operand a, int lda, Operand b, int width, Operand c, int steps, int count, boolean add) {
        MemorySegment left = MemorySegment.ofArray(a.values());
        MemorySegment right = MemorySegment.ofArray(b.values());
        MemorySegment sums = MemorySegment.ofArray(c.values());
        long row = (long) Float.BYTES * lda;
        long atA = (long) Float.BYTES * a.offset();
        long atB = (long) Float.BYTES * b.offset();
        long atC = (long) Float.BYTES * c.offset();
        // Distance from the end of one operand to the beginning of the next.
        long restA = (long) Float.BYTES * (a.next() - steps);
        long restB = (long) Float.BYTES * (b.next() - steps * width * LANES);
        long restC = (long) Float.BYTES * c.next();
        try {
            if (width == 2 && add) {
                ADD_TWO.invokeExact(
                        left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            } else if (width == 2) {
                TWO.invokeExact(left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            } else if (add) {
                ADD_ONE.invokeExact(
                        left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            } else {
                ONE.invokeExact(left, right, sums, (long) count, row, atA, (long) steps, atB, atC, restA, restB, restC);
            }
        } catch (Throwable failure) {
            throw new AssertionError("machine code throws nothing", failure);
        }
    }
}

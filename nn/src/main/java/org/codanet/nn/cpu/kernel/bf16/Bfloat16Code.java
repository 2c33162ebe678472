package org.codanet.nn.cpu.kernel.bf16;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.codanet.bindings.MachineCode;
import org.codanet.nn.cpu.kernel.Kernels;

/**
 * The inner loops in bfloat16, assembled at the first use for processors with avx512_bf16: what oneDNN does too, but on tiles
 * that the caller reduces while they are in the first-level cache. Two bfloat16 numbers lie in the place of one float of a heap array,
 * the earlier in its lower half; {@code VDPBF16PS} multiplies and adds 32 of them, into 16 sums in float32.
 */
public final class Bfloat16Code {
    /** Floats of a vector, and the lanes of the panels. */
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
    private static final MethodHandle ONE_MORE;
    private static final MethodHandle TWO;
    private static final MethodHandle TWO_MORE;

    static {
        Avx512Assembler code = new Avx512Assembler();
        int rounding = Bfloat16Assembly.round(code);
        int scaling = Bfloat16Assembly.scale(code);
        int expansion = Bfloat16Assembly.expand(code);
        int pairing = Bfloat16Assembly.pairs(code);
        int one = Bfloat16Assembly.product(code, 1, false);
        int oneMore = Bfloat16Assembly.product(code, 1, true);
        int two = Bfloat16Assembly.product(code, 2, false);
        int twoMore = Bfloat16Assembly.product(code, 2, true);
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
    public static String refused() {
        return REFUSED;
    }

    /**
     * Rounds {@code count} floats, a multiple of 16, to half as many places.
     *
     * @param to offset in {@code out}, in places
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
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /**
     * Rounds {@code a[i·lda] · g[i·ldg + 0..16)} for {@code rows} rows.
     *
     * @param oo offset in {@code out}, in numbers; rows are {@code ldt} numbers apart
     */
    public static void scale(
            float[] g, int go, int ldg, float[] a, int ao, int lda, float[] out, int oo, int ldt, int rows) {
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
    public static void expand(
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
            throw new AssertionError("instructions throw nothing", failure);
        }
    }

    /**
     * {@code c = a · b}, or {@code c += a · b} if {@code add}, {@code count} times over: 8 rows of a, {@code lda} apart, by a panel
     * (steps, width · lanes) of b to a tile of c. All extents and offsets in places; a step is two values of the depth.
     *
     * @param nextA from the a of one product to that of the next; likewise nextB and nextC
     */
    public static void product(
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
}

package org.codanet.nn.cpu.dnnl;

import static org.codanet.bindings.dnnl.Dnnl.*;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.codanet.nn.cpu.runtime.CpuMemory;
import org.codanet.nn.op.ConvolutionShape;

/**
 * A plan of oneDNN for one direction of a convolution and one input shape. oneDNN's fastest implementation requires its own memory
 * formats. Every run reorders the weights to these formats, because their values change between runs. With bfloat16 it reorders the
 * activations as well.
 */
public final class DnnlConvolution implements AutoCloseable {
    /** Which of the three results of a convolution is computed. */
    public enum Direction {
        FORWARD,
        BACKWARD_DATA,
        BACKWARD_WEIGHTS
    }

    /**
     * The convolution and direction that a plan is for. Error messages contain it.
     *
     * @param bias whether there is a bias, or a gradient with respect to it
     * @param bfloat16 whether the operands are rounded to bfloat16
     */
    public record Subject(
            Direction direction, ConvolutionShape shape, int n, int h, int w, boolean bias, boolean bfloat16) {}

    private final Subject subject;
    private final DnnlPrimitive convolution;
    private final List<Integer> roles;
    private final DnnlPrimitive[] conversions;

    public DnnlConvolution(DnnlEngine engine, Subject subject) {
        this.subject = subject;
        roles = roles(subject);
        conversions = new DnnlPrimitive[roles.size()];
        DnnlPrimitive planned = null;
        try (DnnlFormats formats = new DnnlFormats(engine, subject)) {
            planned = convolution(engine, subject, formats);
            for (int i = 0; i < conversions.length; i++) {
                conversions[i] = conversion(engine, subject, formats, planned, roles.get(i));
            }
            convolution = planned;
        } catch (RuntimeException | Error e) {
            closeAll(planned);
            throw e;
        }
    }

    private static List<Integer> roles(Subject subject) {
        List<Integer> roles = new ArrayList<>(
                switch (subject.direction()) {
                    case FORWARD -> List.of(DNNL_ARG_SRC_0(), DNNL_ARG_WEIGHTS_0(), DNNL_ARG_DST_0());
                    case BACKWARD_DATA -> List.of(DNNL_ARG_DIFF_DST_0(), DNNL_ARG_WEIGHTS_0(), DNNL_ARG_DIFF_SRC_0());
                    case BACKWARD_WEIGHTS ->
                        List.of(DNNL_ARG_SRC_0(), DNNL_ARG_DIFF_DST_0(), DNNL_ARG_DIFF_WEIGHTS_0());
                });
        if (subject.bias()) {
            roles.add(subject.direction() == Direction.FORWARD ? DNNL_ARG_BIAS() : DNNL_ARG_DIFF_BIAS());
        }
        return roles;
    }

    private static DnnlPrimitive convolution(DnnlEngine engine, Subject subject, DnnlFormats formats) {
        ConvolutionShape shape = subject.shape();
        int operand = subject.bfloat16() ? dnnl_bf16() : dnnl_f32();
        Direction direction = subject.direction();
        // Operands may be bfloat16. Sums are float32.
        int srcType = direction == Direction.BACKWARD_DATA ? dnnl_f32() : operand;
        int dstType = direction == Direction.FORWARD ? dnnl_f32() : operand;
        int weightsType = direction == Direction.BACKWARD_WEIGHTS ? dnnl_f32() : operand;
        MemorySegment src =
                formats.tensor(srcType, dnnl_nhwc(), subject.n(), shape.inChannels(), subject.h(), subject.w());
        MemorySegment weights = formats.tensor(
                weightsType,
                dnnl_format_tag_any(),
                shape.outChannels(),
                shape.inChannels(),
                shape.kernel(),
                shape.kernel());
        MemorySegment dst = formats.tensor(
                dstType,
                dnnl_nhwc(),
                subject.n(),
                shape.outChannels(),
                shape.outExtent(subject.h()),
                shape.outExtent(subject.w()));
        MemorySegment bias =
                subject.bias() ? formats.tensor(dnnl_f32(), dnnl_x(), shape.outChannels()) : MemorySegment.NULL;
        MemorySegment strides = formats.numbers(shape.stride(), shape.stride());
        MemorySegment dilates = formats.numbers(0, 0);
        MemorySegment padding = formats.numbers(shape.padding(), shape.padding());
        MemorySegment attributes = formats.attributes(false);
        if (direction == Direction.FORWARD) {
            return new DnnlPrimitive(
                    engine,
                    subject,
                    roles(subject),
                    "dnnl_convolution_forward_primitive_desc_create",
                    out -> dnnl_convolution_forward_primitive_desc_create(
                            out,
                            engine.engine(),
                            dnnl_forward_training(),
                            dnnl_convolution_direct(),
                            src,
                            weights,
                            bias,
                            dst,
                            strides,
                            dilates,
                            padding,
                            padding,
                            attributes));
        }
        try (DnnlPrimitive hint = hint(engine, subject)) {
            ToIntFunction<MemorySegment> describe = direction == Direction.BACKWARD_DATA
                    ? out -> dnnl_convolution_backward_data_primitive_desc_create(
                            out,
                            engine.engine(),
                            dnnl_convolution_direct(),
                            src,
                            weights,
                            dst,
                            strides,
                            dilates,
                            padding,
                            padding,
                            hint.description(),
                            attributes)
                    : out -> dnnl_convolution_backward_weights_primitive_desc_create(
                            out,
                            engine.engine(),
                            dnnl_convolution_direct(),
                            src,
                            weights,
                            bias,
                            dst,
                            strides,
                            dilates,
                            padding,
                            padding,
                            hint.description(),
                            attributes);
            String function = direction == Direction.BACKWARD_DATA
                    ? "dnnl_convolution_backward_data_primitive_desc_create"
                    : "dnnl_convolution_backward_weights_primitive_desc_create";
            return new DnnlPrimitive(engine, subject, roles(subject), function, describe);
        }
    }

    /** The forward convolution of the same extents. oneDNN needs it to plan a backward convolution. */
    private static DnnlPrimitive hint(DnnlEngine engine, Subject subject) {
        Subject forward = new Subject(
                Direction.FORWARD,
                subject.shape(),
                subject.n(),
                subject.h(),
                subject.w(),
                subject.bias(),
                subject.bfloat16());
        try (DnnlFormats formats = new DnnlFormats(engine, forward)) {
            return convolution(engine, forward, formats);
        }
    }

    /** A reorder from our layout to oneDNN's, or back for weight gradients. Null if the layouts are equal and nothing is added. */
    private static DnnlPrimitive conversion(
            DnnlEngine engine, Subject subject, DnnlFormats formats, DnnlPrimitive convolution, int role) {
        ConvolutionShape shape = subject.shape();
        MemorySegment theirs = convolution.format(role);
        boolean gradient = role == DNNL_ARG_DIFF_WEIGHTS_0();
        MemorySegment ours;
        if (gradient || role == DNNL_ARG_WEIGHTS_0()) {
            ours = formats.tensor(
                    dnnl_f32(), dnnl_hwio(), shape.outChannels(), shape.inChannels(), shape.kernel(), shape.kernel());
        } else if (role == DNNL_ARG_SRC_0()) {
            ours = formats.tensor(dnnl_f32(), dnnl_nhwc(), subject.n(), shape.inChannels(), subject.h(), subject.w());
        } else if (role == DNNL_ARG_DIFF_DST_0()) {
            ours = formats.tensor(
                    dnnl_f32(),
                    dnnl_nhwc(),
                    subject.n(),
                    shape.outChannels(),
                    shape.outExtent(subject.h()),
                    shape.outExtent(subject.w()));
        } else {
            return null;
        }
        if (!gradient && dnnl_memory_desc_equal(ours, theirs) == 1) {
            return null;
        }
        MemorySegment attributes = formats.attributes(gradient);
        MemorySegment from = gradient ? theirs : ours;
        MemorySegment to = gradient ? ours : theirs;
        return new DnnlPrimitive(
                engine,
                subject,
                List.of(DNNL_ARG_SRC_0(), DNNL_ARG_DST_0()),
                "dnnl_reorder_primitive_desc_create",
                out -> dnnl_reorder_primitive_desc_create(out, from, engine.engine(), to, engine.engine(), attributes));
    }

    /**
     * Runs the convolution. Adds to weight gradients; overwrites every other output, a bias gradient included.
     *
     * @param data forward: x, w, y; backward data: dOut, w, dIn; backward weights: x, dOut, dW; then the bias, if there is one
     */
    public void run(CpuMemory memory, String owner, MemorySegment... data) {
        MemorySegment[] theirs = data.clone();
        List<CpuMemory.Block> blocks = new ArrayList<>();
        try {
            for (int i = 0; i < theirs.length; i++) {
                if (conversions[i] != null) {
                    CpuMemory.Block block = memory.take(convolution.bytes(roles.get(i)), owner);
                    blocks.add(block);
                    theirs[i] = block.segment();
                    if (roles.get(i) != DNNL_ARG_DIFF_WEIGHTS_0()) {
                        conversions[i].execute(memory, owner, data[i], theirs[i]);
                    }
                }
            }
            convolution.execute(memory, owner, theirs);
            for (int i = 0; i < theirs.length; i++) {
                if (roles.get(i) == DNNL_ARG_DIFF_WEIGHTS_0()) {
                    conversions[i].execute(memory, owner, theirs[i], data[i]);
                }
            }
        } finally {
            blocks.forEach(CpuMemory.Block::release);
        }
    }

    @Override
    public void close() {
        closeAll(convolution);
    }

    private void closeAll(DnnlPrimitive planned) {
        for (DnnlPrimitive conversion : conversions) {
            if (conversion != null) {
                conversion.close();
            }
        }
        if (planned != null) {
            planned.close();
        }
    }

    /** The implementation that oneDNN selected, for {@code --verbose}. */
    @Override
    public String toString() {
        return "oneDNN: " + convolution.implementation() + " for " + subject;
    }
}

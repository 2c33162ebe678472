package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Tensor;

/** {@link Relu}, split into pieces for the workers. Each piece is copied through heap arrays that stay in the cache. */
public final class CpuRelu extends CpuOperation implements Relu {
    private static final String OWNER = "relu";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        INPUT,
        GRADIENT,
        BASELINE
    }

    public CpuRelu(CpuContext context, String owner) {
        super(context, owner, OWNER);
    }

    @Override
    public void forward(Tensor x, Tensor y) {
        CpuContext context = context();
        MemorySegment from = CpuTensor.segment(x);
        MemorySegment to = CpuTensor.segment(y.require(x.shape(), operation(), "y"));
        long elements = x.shape().elements();
        context.workers().run(Chunks.count(elements), (chunk, worker) -> {
            int length = Chunks.length(chunk, elements);
            try (Lease lease = context.workspace().lease(worker, Array.INPUT, Chunks.SIZE, OWNER)) {
                float[] values = lease.values();
                CpuTensor.read(from, Chunks.offset(chunk), values, 0, length);
                for (int i = 0; i < length; i++) {
                    values[i] = Math.max(0, values[i]);
                }
                CpuTensor.write(values, 0, to, Chunks.offset(chunk), length);
            }
        });
    }

    @Override
    public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {
        CpuContext context = context();
        rule.requireBaseline(baseline != null);
        int targets = Relu.requireTargets(operation(), x.shape(), dOut.shape(), "dOut");
        dIn.require(dOut.shape(), operation(), "dIn");
        MemorySegment at = CpuTensor.segment(x);
        MemorySegment start =
                baseline == null ? null : CpuTensor.segment(baseline.require(x.shape(), operation(), "baseline"));
        MemorySegment from = CpuTensor.segment(dOut);
        MemorySegment to = CpuTensor.segment(dIn);
        // With one target, gradient and activation are split alike. Otherwise an image's activation serves several
        // rows.
        int rows = targets == 1 ? 1 : x.shape().extent(0) * targets;
        long inRow = dOut.shape().elements() / rows;
        int pieces = Chunks.count(inRow);
        context.workers().run(rows * pieces, (task, worker) -> {
            int chunk = task % pieces;
            int length = Chunks.length(chunk, inRow);
            long element = task / pieces / targets * inRow + Chunks.offset(chunk);
            long position = task / pieces * inRow + Chunks.offset(chunk);
            try (Lease inputs = context.workspace().lease(worker, Array.INPUT, Chunks.SIZE, OWNER);
                    Lease gradients = context.workspace().lease(worker, Array.GRADIENT, Chunks.SIZE, OWNER);
                    Lease starts = context.workspace().lease(worker, Array.BASELINE, Chunks.SIZE, OWNER)) {
                CpuTensor.read(at, element, inputs.values(), 0, length);
                CpuTensor.read(from, position, gradients.values(), 0, length);
                if (start != null) {
                    CpuTensor.read(start, element, starts.values(), 0, length);
                }
                apply(rule, inputs.values(), starts.values(), gradients.values(), length);
                CpuTensor.write(gradients.values(), 0, to, position, length);
            }
        });
    }

    private static void apply(ReluRule rule, float[] x, float[] start, float[] g, int length) {
        switch (rule) {
            case GRADIENT -> {
                for (int i = 0; i < length; i++) {
                    g[i] = x[i] > 0 ? g[i] : 0;
                }
            }
            case GUIDED -> {
                for (int i = 0; i < length; i++) {
                    g[i] = x[i] > 0 ? Math.max(0, g[i]) : 0;
                }
            }
            case RESCALE -> {
                for (int i = 0; i < length; i++) {
                    double difference = (double) x[i] - start[i];
                    g[i] = Math.abs(difference) < ReluRule.SMALLEST_DIFFERENCE
                            ? x[i] > 0 ? g[i] : 0
                            : (float) (g[i] * ((double) Math.max(0, x[i]) - Math.max(0, start[i])) / difference);
                }
            }
        }
    }
}

package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.nn.cpu.dnnl.DnnlConvolution;
import org.codanet.nn.cpu.dnnl.DnnlEngine;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuMemory;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Convolution} by oneDNN, with a plan for each direction and input shape. */
public final class CpuConvolution extends CpuOperation implements Convolution {
    private static final String OWNER = "convolution";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        TERMS,
        SUMS
    }

    /**
     * Capacity of the plan cache, enough for three directions and a few batch sizes. Without a limit, images with always new extents
     * would fill the memory with plans.
     */
    private static final int MOST_PLANS = 24;

    private final DnnlEngine engine;
    private final ConvolutionShape shape;
    private final Map<DnnlConvolution.Subject, DnnlConvolution> plans = new LinkedHashMap<>(16, 0.75f, true);

    public CpuConvolution(CpuContext context, String owner, DnnlEngine engine, ConvolutionShape shape) {
        super(context, owner, "convolution");
        this.engine = engine;
        this.shape = shape;
    }

    @Override
    public ConvolutionShape shape() {
        return shape;
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
        context();
        y.require(shape.output(x.shape()), operation(), "y");
        requireBias(bias, "bias");
        List<MemorySegment> data = segments(x, weights(w, "w"), y, bias);
        run(DnnlConvolution.Direction.FORWARD, x.shape(), bias != null, data);
    }

    @Override
    public void backwardData(Tensor dOut, Tensor w, Tensor dIn) {
        context();
        dOut.require(shape.output(dIn.shape()), operation(), "dOut");
        List<MemorySegment> data = segments(dOut, weights(w, "w"), dIn, null);
        run(DnnlConvolution.Direction.BACKWARD_DATA, dIn.shape(), false, data);
    }

    @Override
    public void backwardWeights(Tensor x, Tensor dOut, Tensor dW, Tensor dBias) {
        CpuContext context = context();
        dOut.require(shape.output(x.shape()), operation(), "dOut");
        if (dBias == null) {
            List<MemorySegment> data = segments(x, dOut, weights(dW, "dW"), null);
            run(DnnlConvolution.Direction.BACKWARD_WEIGHTS, x.shape(), false, data);
            return;
        }
        requireBias(dBias, "dBias");
        CpuMemory.Block block = context.memory().take(dBias.shape().bytes(), owner());
        try {
            List<MemorySegment> data = segments(x, dOut, weights(dW, "dW"), null);
            data.add(block.segment());
            run(DnnlConvolution.Direction.BACKWARD_WEIGHTS, x.shape(), true, data);
            add(context, block.segment(), CpuTensor.segment(dBias));
        } finally {
            block.release();
        }
    }

    private void add(CpuContext context, MemorySegment terms, MemorySegment sums) {
        int count = shape.outChannels();
        try (Lease aLease = context.workspace().lease(0, Array.TERMS, count, OWNER);
                Lease bLease = context.workspace().lease(0, Array.SUMS, count, OWNER)) {
            float[] a = aLease.values();
            float[] b = bLease.values();
            CpuTensor.read(terms, 0, a, 0, count);
            CpuTensor.read(sums, 0, b, 0, count);
            context.kernels().axpy(1, a, 0, b, 0, count);
            CpuTensor.write(b, 0, sums, 0, count);
        }
    }

    private Tensor weights(Tensor w, String role) {
        return w.require(shape.weightShape(), operation(), role);
    }

    private void requireBias(Tensor bias, String role) {
        if (shape.bias() != (bias != null)) {
            throw new IllegalArgumentException(operation() + ": " + shape + " has " + (shape.bias() ? "a" : "no")
                    + " bias, " + role + " is " + (bias == null ? "null" : bias.toString()));
        }
        if (bias != null) {
            bias.require(Shape.of(shape.outChannels()), operation(), role);
        }
    }

    private static List<MemorySegment> segments(Tensor first, Tensor second, Tensor third, Tensor fourth) {
        List<MemorySegment> segments = new ArrayList<>();
        segments.add(CpuTensor.segment(first));
        segments.add(CpuTensor.segment(second));
        segments.add(CpuTensor.segment(third));
        if (fourth != null) {
            segments.add(CpuTensor.segment(fourth));
        }
        return segments;
    }

    private void run(DnnlConvolution.Direction direction, Shape x, boolean bias, List<MemorySegment> data) {
        boolean bfloat16 = context().precision() == Precision.BF16;
        DnnlConvolution plan = plan(
                new DnnlConvolution.Subject(direction, shape, x.extent(0), x.extent(1), x.extent(2), bias, bfloat16));
        plan.run(context().memory(), owner(), data.toArray(MemorySegment[]::new));
    }

    private DnnlConvolution plan(DnnlConvolution.Subject subject) {
        DnnlConvolution plan = plans.get(subject);
        if (plan == null) {
            plan = new DnnlConvolution(engine, subject);
            context().selections().report(plan);
            plans.put(subject, plan);
            if (plans.size() > MOST_PLANS) {
                Map.Entry<DnnlConvolution.Subject, DnnlConvolution> eldest =
                        plans.entrySet().iterator().next();
                plans.remove(eldest.getKey());
                eldest.getValue().close();
            }
        }
        return plan;
    }

    @Override
    public void release() {
        plans.values().forEach(DnnlConvolution::close);
        plans.clear();
    }
}

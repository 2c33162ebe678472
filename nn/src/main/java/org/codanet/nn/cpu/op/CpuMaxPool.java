package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link MaxPool}: one task for each image, with all of its targets. */
public final class CpuMaxPool extends CpuOperation implements MaxPool {
    private static final String OWNER = "max pool";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        INPUT,
        OUTPUT,
        BASELINE,
        GRADIENT
    }

    private final MaxPoolShape shape;

    public CpuMaxPool(CpuContext context, String owner, MaxPoolShape shape) {
        super(context, owner, OWNER);
        this.shape = shape;
    }

    @Override
    public MaxPoolShape shape() {
        return shape;
    }

    private Lease lease(int worker, Array array, int floats) {
        return context().workspace().lease(worker, array, floats, OWNER);
    }

    @Override
    public void forward(Tensor x, Tensor y) {
        CpuContext context = context();
        Shape in = x.shape();
        Shape out = shape.output(in);
        MemorySegment from = CpuTensor.segment(x);
        MemorySegment to = CpuTensor.segment(y.require(out, operation(), "y"));
        int inImage = inImage(in);
        int outImage = inImage(out);
        context.workers().run(in.extent(0), (image, worker) -> {
            try (Lease inputs = lease(worker, Array.INPUT, inImage);
                    Lease outputs = lease(worker, Array.OUTPUT, outImage)) {
                CpuTensor.read(from, (long) image * inImage, inputs.values(), 0, inImage);
                for (int i = 0; i < outImage; i++) {
                    outputs.values()[i] = inputs.values()[largest(inputs.values(), in, out, i)];
                }
                CpuTensor.write(outputs.values(), 0, to, (long) image * outImage, outImage);
            }
        });
    }

    private static int inImage(Shape shape) {
        return Math.toIntExact(shape.elements() / shape.extent(0));
    }

    /** Element of an image that is the largest of the window of output {@code i}. */
    private int largest(float[] x, Shape in, Shape out, int i) {
        int channels = in.extent(3);
        int top = i / channels / out.extent(2) * shape.stride() - shape.padding();
        int left = i / channels % out.extent(2) * shape.stride() - shape.padding();
        int best = -1;
        for (int py = Math.max(0, top); py < Math.min(in.extent(1), top + shape.kernel()); py++) {
            for (int px = Math.max(0, left); px < Math.min(in.extent(2), left + shape.kernel()); px++) {
                int element = (py * in.extent(2) + px) * channels + i % channels;
                if (best < 0 || x[element] > x[best] || Float.isNaN(x[element]) && !Float.isNaN(x[best])) {
                    best = element;
                }
            }
        }
        return best;
    }

    @Override
    public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {
        CpuContext context = context();
        rule.requireBaseline(baseline != null);
        int targets = MaxPool.requireTargets(shape, x.shape(), dOut.shape(), dIn.shape());
        Shape in = x.shape();
        Shape out = shape.output(in);
        MemorySegment at = CpuTensor.segment(x);
        MemorySegment start =
                baseline == null ? null : CpuTensor.segment(baseline.require(in, operation(), "baseline"));
        MemorySegment from = CpuTensor.segment(dOut);
        MemorySegment to = CpuTensor.segment(dIn);
        int inImage = inImage(in);
        int outImage = inImage(out);
        context.workers().run(in.extent(0), (image, worker) -> {
            int[] elements = new int[outImage];
            float[] factors = new float[outImage];
            try (Lease inputs = lease(worker, Array.INPUT, inImage);
                    Lease starts = lease(worker, Array.BASELINE, start == null ? 1 : inImage)) {
                CpuTensor.read(at, (long) image * inImage, inputs.values(), 0, inImage);
                if (start != null) {
                    CpuTensor.read(start, (long) image * inImage, starts.values(), 0, inImage);
                }
                for (int i = 0; i < outImage; i++) {
                    float[] second = start == null ? null : starts.values();
                    elements[i] = receiver(inputs.values(), second, in, out, i);
                    factors[i] = second == null ? 1 : factor(inputs.values(), second, elements[i], in, out, i);
                }
            }
            try (Lease lowers = lease(worker, Array.GRADIENT, inImage);
                    Lease uppers = lease(worker, Array.OUTPUT, outImage)) {
                for (int row = image * targets; row < (image + 1) * targets; row++) {
                    CpuTensor.read(from, (long) row * outImage, uppers.values(), 0, outImage);
                    Arrays.fill(lowers.values(), 0, inImage, 0);
                    for (int i = 0; i < outImage; i++) {
                        lowers.values()[elements[i]] += factors[i] * uppers.values()[i];
                    }
                    CpuTensor.write(lowers.values(), 0, to, (long) row * inImage, inImage);
                }
            }
        });
    }

    /** The position that the gradient of output {@code i} goes to: that of the larger maximum. */
    private int receiver(float[] x, float[] start, Shape in, Shape out, int i) {
        int element = largest(x, in, out, i);
        if (start == null) {
            return element;
        }
        int other = largest(start, in, out, i);
        return x[element] >= start[other] ? element : other;
    }

    private float factor(float[] x, float[] start, int element, Shape in, Shape out, int i) {
        double change = (double) x[largest(x, in, out, i)] - start[largest(start, in, out, i)];
        double difference = (double) x[element] - start[element];
        return Math.abs(difference) < ReluRule.SMALLEST_DIFFERENCE ? 1 : (float) (change / difference);
    }
}

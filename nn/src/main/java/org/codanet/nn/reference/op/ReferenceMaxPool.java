package org.codanet.nn.reference.op;

import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link MaxPool}, window by window. */
public final class ReferenceMaxPool extends ReferenceOperation implements MaxPool {
    private final MaxPoolShape shape;

    public ReferenceMaxPool(ReferenceMemory memory, Scope scope, MaxPoolShape shape) {
        super(memory, scope, "max pool");
        this.shape = shape;
    }

    @Override
    public MaxPoolShape shape() {
        return shape;
    }

    @Override
    public void forward(Tensor x, Tensor y) {
        requireOpen();
        Shape out = shape.output(x.shape());
        ReferenceTensor from = tensor(x, x.shape(), "x");
        ReferenceTensor to = tensor(y, out, "y");
        for (int i = 0; i < to.size(); i++) {
            to.set(i, from.get(largest(from, out, i)));
        }
    }

    /** Element of the input that is the largest of the window of output {@code i}. */
    private int largest(ReferenceTensor x, Shape out, int i) {
        int channels = out.extent(3);
        int height = x.shape().extent(1);
        int width = x.shape().extent(2);
        int column = i / channels % out.extent(2);
        int row = i / channels / out.extent(2) % out.extent(1);
        int image = i / channels / out.extent(2) / out.extent(1);
        int best = -1;
        for (int ky = 0; ky < shape.kernel(); ky++) {
            for (int kx = 0; kx < shape.kernel(); kx++) {
                int py = row * shape.stride() - shape.padding() + ky;
                int px = column * shape.stride() - shape.padding() + kx;
                if (py >= 0 && py < height && px >= 0 && px < width) {
                    int element = ((image * height + py) * width + px) * channels + i % channels;
                    if (best < 0 || x.get(element) > x.get(best) || isNan(x, element) && !isNan(x, best)) {
                        best = element;
                    }
                }
            }
        }
        return best;
    }

    private static boolean isNan(ReferenceTensor x, int element) {
        return Double.isNaN(x.get(element));
    }

    @Override
    public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {
        requireOpen();
        rule.requireBaseline(baseline != null);
        Shape out = shape.output(x.shape());
        int targets = MaxPool.requireTargets(shape, x.shape(), dOut.shape(), dIn.shape());
        ReferenceTensor at = tensor(x, x.shape(), "x");
        ReferenceTensor start = baseline == null ? null : tensor(baseline, x.shape(), "baseline");
        ReferenceTensor from = tensor(dOut, dOut.shape(), "dOut");
        ReferenceTensor to = tensor(dIn, dIn.shape(), "dIn");
        to.write(new double[to.size()]);
        int inImage = at.size() / out.extent(0);
        int outImage = (int) out.elements() / out.extent(0);
        for (int i = 0; i < out.elements(); i++) {
            int element = largest(at, out, i);
            double factor = 1;
            if (start != null) {
                int other = largest(start, out, i);
                double change = at.get(element) - start.get(other);
                element = change >= 0 ? element : other;
                double difference = at.get(element) - start.get(element);
                factor = Math.abs(difference) < ReluRule.SMALLEST_DIFFERENCE ? 1 : change / difference;
            }
            int image = i / outImage;
            for (int k = 0; k < targets; k++) {
                int row = image * targets + k;
                to.add(row * inImage + element - image * inImage, factor * from.get(row * outImage + i % outImage));
            }
        }
    }
}

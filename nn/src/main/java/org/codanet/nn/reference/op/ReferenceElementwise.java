package org.codanet.nn.reference.op;

import org.codanet.nn.op.Elementwise;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Elementwise}. */
public final class ReferenceElementwise implements Elementwise {
    private final ReferenceMemory memory;

    public ReferenceElementwise(ReferenceMemory memory) {
        this.memory = memory;
    }

    @Override
    public void fill(Tensor t, float value) {
        ReferenceTensor to = own(t);
        for (int i = 0; i < to.size(); i++) {
            to.set(i, value);
        }
    }

    @Override
    public void copy(Tensor source, Tensor destination) {
        requireSameElements("copy", source, destination);
        own(destination).write(own(source).read());
    }

    @Override
    public void add(Tensor source, float factor, Tensor destination) {
        requireSameElements("add", source, destination);
        ReferenceTensor from = own(source);
        ReferenceTensor to = own(destination);
        for (int i = 0; i < to.size(); i++) {
            to.add(i, factor * from.get(i));
        }
    }

    @Override
    public void sign(Tensor source, float factor, Tensor destination) {
        requireSameElements("sign", source, destination);
        ReferenceTensor from = own(source);
        ReferenceTensor to = own(destination);
        for (int i = 0; i < to.size(); i++) {
            to.set(i, factor * Math.signum(from.get(i)));
        }
    }

    @Override
    public void absoluteSum(Tensor t, Tensor out) {
        ReferenceTensor from = own(t);
        ReferenceTensor to = own(out);
        to.require(Shape.of(1), "absoluteSum", "out");
        double sum = 0;
        for (int i = 0; i < from.size(); i++) {
            sum += Math.abs(from.get(i));
        }
        to.set(0, sum);
    }

    @Override
    public boolean allFinite(Tensor t) {
        ReferenceTensor values = own(t);
        for (int i = 0; i < values.size(); i++) {
            // As a float: what float32 cannot hold would come out as an infinity.
            if (!Float.isFinite((float) values.get(i))) {
                return false;
            }
        }
        return true;
    }

    private ReferenceTensor own(Tensor tensor) {
        return ReferenceTensor.of(tensor, memory);
    }

    private static void requireSameElements(String operation, Tensor source, Tensor destination) {
        if (source.shape().elements() != destination.shape().elements()) {
            throw new IllegalArgumentException(operation + ": source is " + source.shape() + ", destination "
                    + destination.shape() + "; they need as many elements");
        }
    }
}

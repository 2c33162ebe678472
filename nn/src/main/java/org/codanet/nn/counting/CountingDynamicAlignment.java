package org.codanet.nn.counting;

import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** Counts what the real operation would hold for the same calls. Asks it for sizes and never lets it compute. */
final class CountingDynamicAlignment implements DynamicAlignment, AutoCloseable {
    private final DynamicAlignment counted;
    private final ByteCounter counter;
    private Purpose purpose = Purpose.INFERENCE;

    CountingDynamicAlignment(DynamicAlignment counted, ByteCounter counter) {
        this.counted = counted;
        this.counter = counter;
    }

    /** Extents and purpose of one forward pass, whose bytes are counted until its scope closes it. */
    private final class CountedState implements State, AutoCloseable {
        private final Shape x;
        private final Purpose purpose;
        private final long bytes;
        private boolean closed;

        CountedState(Shape x, Purpose purpose) {
            this.x = x;
            this.purpose = purpose;
            this.bytes = counted.stateBytes(x, purpose);
            counter.openState(bytes);
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                counter.closeState(bytes);
            }
        }
    }

    @Override
    public DynamicAlignmentShape shape() {
        return counted.shape();
    }

    @Override
    public void prepare(Weights weights, Purpose wanted) {
        purpose = wanted;
        counter.prepare(this, counted.preparedBytes(wanted, 0));
    }

    @Override
    public State state(Scope scope, Shape x, Purpose wanted) {
        return scope.register(new CountedState(x, wanted));
    }

    @Override
    public long stateBytes(Shape x, Purpose wanted) {
        return counted.stateBytes(x, wanted);
    }

    @Override
    public long preparedBytes(Purpose wanted, int targets) {
        return counted.preparedBytes(wanted, targets);
    }

    @Override
    public long workspaceBytes(Shape x, Purpose wanted, int targets) {
        return counted.workspaceBytes(x, wanted, targets);
    }

    @Override
    public int minUniformTargets(int targets) {
        return counted.minUniformTargets(targets);
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        counter.useWorkspace(counted.workspaceBytes(x.shape(), Purpose.INFERENCE, 0));
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        int targets = dOut.shape().extent(1);
        counter.prepare(this, counted.preparedBytes(purpose, targets));
        useWorkspace(state, targets);
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        useWorkspace(state, 0);
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        useWorkspace(state, 1);
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        useWorkspace(state, 1);
    }

    private void useWorkspace(State state, int targets) {
        CountedState own = (CountedState) state;
        counter.useWorkspace(counted.workspaceBytes(own.x, own.purpose, targets));
    }

    @Override
    public void close() {
        counter.release(this);
    }
}

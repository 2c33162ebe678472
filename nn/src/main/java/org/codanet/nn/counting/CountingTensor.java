package org.codanet.nn.counting;

import java.util.Objects;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** A tensor without values. A view counts nothing, and checks that the tensor that it was created from is still open. */
final class CountingTensor extends Tensor implements AutoCloseable {
    private final ByteCounter counter;
    private final long bytes;
    private final CountingTensor viewed;

    CountingTensor(Shape shape, String owner, String device, ByteCounter counter, long bytes) {
        super(shape, owner, device);
        this.counter = counter;
        this.bytes = bytes;
        this.viewed = null;
        counter.openTensor(owner, bytes);
    }

    private CountingTensor(Shape shape, CountingTensor viewed) {
        super(shape, viewed.owner(), viewed.deviceName());
        this.counter = viewed.counter;
        this.bytes = 0;
        this.viewed = viewed;
    }

    private CountingTensor root() {
        return viewed == null ? this : viewed;
    }

    @Override
    public Tensor reshape(Shape other) {
        root().requireOpen();
        if (other.elements() != shape().elements()) {
            throw new IllegalArgumentException("reshape: " + shape() + " does not have as many elements as " + other);
        }
        return new CountingTensor(other, root());
    }

    @Override
    public Tensor slice(int from, int count) {
        root().requireOpen();
        Objects.checkFromIndexSize(from, count, shape().extent(0));
        return new CountingTensor(shape().withFirst(count), root());
    }

    @Override
    public void close() {
        if (viewed == null && !isClosed()) {
            markClosed();
            counter.closeTensor(owner(), bytes);
        }
    }
}

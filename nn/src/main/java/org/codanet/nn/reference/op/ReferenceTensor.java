package org.codanet.nn.reference.op;

import java.util.Arrays;
import java.util.Objects;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Double values behind the float32 interface. Uploads are exact, downloads round once, and nothing in between rounds to float32. A view
 * shares the array of the tensor that it was created from, and checks that this tensor is still open.
 */
public final class ReferenceTensor extends Tensor implements AutoCloseable {
    private final ReferenceMemory memory;
    private final ReferenceTensor viewed;
    private final int first;
    private double[] values;

    public ReferenceTensor(Shape shape, String owner, String device, ReferenceMemory memory) {
        super(shape, owner, device);
        this.memory = memory;
        this.viewed = null;
        this.first = 0;
        this.values = memory.take(shape.elements(), owner);
    }

    private ReferenceTensor(Shape shape, int first, ReferenceTensor viewed) {
        super(shape, viewed.owner(), viewed.deviceName());
        this.memory = viewed.memory;
        this.viewed = viewed;
        this.first = first;
    }

    /** The tensor as one of this device, if it is open. @throws IllegalArgumentException if it is on another device */
    public static ReferenceTensor of(Tensor tensor, ReferenceMemory memory) {
        if (!(tensor instanceof ReferenceTensor own) || own.memory != memory) {
            throw new IllegalArgumentException("reference: " + tensor + " is not on this device");
        }
        own.root().requireOpen();
        return own;
    }

    private ReferenceTensor root() {
        return viewed == null ? this : viewed;
    }

    public double get(int index) {
        return root().values[first + index];
    }

    public void set(int index, double value) {
        root().values[first + index] = value;
    }

    public void add(int index, double value) {
        root().values[first + index] += value;
    }

    /** A copy of all values. */
    public double[] read() {
        return Arrays.copyOfRange(root().values, first, first + size());
    }

    /** Overwrites all values. */
    public void write(double[] source) {
        System.arraycopy(source, 0, root().values, first, size());
    }

    public int size() {
        return (int) shape().elements();
    }

    @Override
    public Tensor reshape(Shape other) {
        root().requireOpen();
        if (other.elements() != shape().elements()) {
            throw new IllegalArgumentException("reshape: " + shape() + " does not have as many elements as " + other);
        }
        return new ReferenceTensor(other, first, root());
    }

    @Override
    public Tensor slice(int from, int count) {
        root().requireOpen();
        Objects.checkFromIndexSize(from, count, shape().extent(0));
        int stride = size() / shape().extent(0);
        return new ReferenceTensor(shape().withFirst(count), first + from * stride, root());
    }

    @Override
    public void close() {
        if (viewed == null && !isClosed()) {
            markClosed();
            memory.giveBack(shape().elements(), owner());
            values = null;
        }
    }
}

package org.codanet.nn.reference.alignment;

import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.reference.op.ReferenceMemory;
import org.codanet.nn.tensor.Shape;

/** A copy of the input of one forward pass, from which later passes compute the dynamic weights again. */
final class ForwardState implements DynamicAlignment.State, AutoCloseable {
    private final ReferenceDynamicAlignment creator;
    private final ReferenceMemory memory;
    private final Shape shape;
    private final Purpose purpose;
    private final String owner;
    private double[] x;
    private boolean filled;

    ForwardState(
            ReferenceDynamicAlignment creator, ReferenceMemory memory, Shape shape, Purpose purpose, String owner) {
        this.creator = creator;
        this.memory = memory;
        this.shape = shape;
        this.purpose = purpose;
        this.owner = owner;
        this.x = memory.take(shape.elements(), owner);
    }

    /** The state as one that {@code creator} created for at least {@code needed}, and that is open. */
    static ForwardState of(DynamicAlignment.State state, ReferenceDynamicAlignment creator, Purpose needed) {
        if (!(state instanceof ForwardState own) || own.creator != creator) {
            throw new IllegalArgumentException("dynamic alignment: the state was created by another operation");
        }
        if (own.x == null) {
            throw new IllegalStateException(
                    "dynamic alignment: the state was used after its scope '" + own.owner + "' was closed");
        }
        if (own.purpose.compareTo(needed) < 0) {
            throw new IllegalStateException(
                    "dynamic alignment: the state was created for " + own.purpose + ", " + needed + " is needed");
        }
        return own;
    }

    /** Extents of x. */
    Shape shape() {
        return shape;
    }

    void fill(Shape given, double[] input) {
        if (!given.equals(shape)) {
            throw new IllegalArgumentException(
                    "dynamic alignment: x is " + given + ", the state was created for " + shape);
        }
        System.arraycopy(input, 0, x, 0, x.length);
        filled = true;
    }

    /** The input of the forward pass. @throws IllegalStateException if there was none yet */
    double[] x() {
        if (!filled) {
            throw new IllegalStateException("dynamic alignment: no forward pass has filled this state yet");
        }
        return x;
    }

    @Override
    public long bytes() {
        return shape.elements() * Double.BYTES;
    }

    @Override
    public void close() {
        if (x != null) {
            x = null;
            memory.giveBack(shape.elements(), owner);
        }
    }
}

package org.codanet.nn.tensor;

/**
 * Float32 values of one {@link Shape} in one device's memory, row-major and contiguous. Activations are stored channels
 * last: (N, H, W, C).
 *
 * <p>A tensor belongs to the {@link Scope} it was allocated in and dies with it. It is made by
 * {@code Device.allocate}; each device has its own subclass and refuses the others'.
 */
public abstract class Tensor {
    private final Shape shape;
    private final String owner;
    private final String deviceName;
    private volatile boolean closed;

    protected Tensor(Shape shape, String owner, String deviceName) {
        this.shape = shape;
        this.owner = owner;
        this.deviceName = deviceName;
    }

    /** Extents, outermost first. */
    public final Shape shape() {
        return shape;
    }

    /** Path of the scope that owns this tensor, for example {@code train/step}. */
    public final String owner() {
        return owner;
    }

    /** Name of the device the values are on. */
    public final String deviceName() {
        return deviceName;
    }

    /**
     * This tensor.
     *
     * @throws IllegalStateException naming the owner, if its scope has been closed
     */
    public final Tensor requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    "tensor " + shape + " on " + deviceName + " was used after its scope '" + owner + "' was closed");
        }
        return this;
    }

    /**
     * This tensor, open and of the given shape.
     *
     * @param operation what is asking, for the message
     * @param role what the tensor is to it, for example {@code x} or {@code dOut}
     * @throws IllegalArgumentException with both shapes, if they differ
     */
    public final Tensor require(Shape expected, String operation, String role) {
        requireOpen();
        if (!shape.equals(expected)) {
            throw new IllegalArgumentException(operation + ": " + role + " is " + shape + ", expected " + expected);
        }
        return this;
    }

    /**
     * The same values under another shape with as many elements; shares memory and owner.
     *
     * @throws IllegalArgumentException if the number of elements differs
     */
    public abstract Tensor reshape(Shape other);

    /**
     * The sub-tensor of {@code count} entries of the first extent from {@code from}; shares memory and owner.
     *
     * @throws IndexOutOfBoundsException if they are not all inside
     */
    public abstract Tensor slice(int from, int count);

    /** Called once by the owning device when the memory is given back. */
    protected final void markClosed() {
        closed = true;
    }

    protected final boolean isClosed() {
        return closed;
    }

    @Override
    public String toString() {
        return "tensor " + shape + " of '" + owner + "' on " + deviceName + (closed ? ", closed" : "");
    }
}

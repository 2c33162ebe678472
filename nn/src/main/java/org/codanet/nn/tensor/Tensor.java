package org.codanet.nn.tensor;

/**
 * Float32 values of one {@link Shape} in one device's memory, row-major and contiguous. Activations are stored channels
 * last: (N, H, W, C).
 *
 * <p>{@code Device.allocate} creates tensors. A tensor belongs to the {@link Scope} that it was allocated in and is freed with it. Each
 * device has its own subclass and refuses the tensors of other devices.
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
     * Returns this tensor if it is open.
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
     * Returns this tensor if it is open and has the expected shape.
     *
     * @param operation the calling operation, for the message
     * @param role the tensor's role in it, for example {@code x} or {@code dOut}
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
     * A view of the same values under another shape with as many elements. It shares memory and lifetime.
     *
     * @throws IllegalArgumentException if the number of elements differs
     */
    public abstract Tensor reshape(Shape other);

    /**
     * A view of {@code count} entries of the first extent, starting at {@code from}. It shares memory and lifetime.
     *
     * @throws IndexOutOfBoundsException if the range is not inside the first extent
     */
    public abstract Tensor slice(int from, int count);

    /** Called once by the device when the memory is freed. */
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

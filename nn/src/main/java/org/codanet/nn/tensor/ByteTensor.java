package org.codanet.nn.tensor;

/**
 * Values 0..255 of one {@link Shape} in one device's memory, row-major, a byte each: what image files hold, a quarter of the size of
 * floats. The bytes lie in the memory of a {@link Tensor} of floats, in order, and live as long as it does; as floats its values
 * mean nothing. Made by {@code Device.allocateBytes}.
 */
public final class ByteTensor {
    private final Shape shape;
    private final Tensor room;

    /**
     * Bytes in the memory of a tensor.
     *
     * @param room of the shape {@link #room(Shape)}
     * @throws IllegalArgumentException with both shapes, if it has another
     */
    public ByteTensor(Shape shape, Tensor room) {
        this.shape = shape;
        this.room = room.require(room(shape), "bytes " + shape, "room");
    }

    /** (⌈elements / 4⌉): the floats that the bytes of a shape take the place of. */
    public static Shape room(Shape shape) {
        return Shape.of(Math.toIntExact(Math.ceilDiv(shape.elements(), Float.BYTES)));
    }

    /** Extents, outermost first. */
    public Shape shape() {
        return shape;
    }

    /** The floats whose memory the bytes lie in. */
    public Tensor room() {
        return room;
    }

    /** How many bytes are copied from an array to here. @throws IllegalArgumentException with both numbers, if it is shorter */
    public int requireAll(byte[] source, String operation) {
        if (source.length < shape.elements()) {
            throw new IllegalArgumentException(
                    operation + ": the array has " + source.length + " bytes, " + this + " has " + shape.elements());
        }
        return (int) shape.elements();
    }

    @Override
    public String toString() {
        return "bytes " + shape + " in " + room;
    }
}

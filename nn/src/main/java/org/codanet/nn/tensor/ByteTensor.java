package org.codanet.nn.tensor;

/**
 * Bytes (0..255) of one {@link Shape} in one device's memory, row-major. Image files hold bytes, and a byte takes a quarter of a float.
 * The bytes are stored in order in a {@link Tensor} of floats and live as long as it does. Read as floats its values mean nothing.
 * Created by {@code Device.allocateBytes}.
 */
public final class ByteTensor {
    private final Shape shape;
    private final Tensor storage;

    /**
     * Bytes in the memory of a tensor.
     *
     * @param storage has the shape {@link #storageShape}
     * @throws IllegalArgumentException with both shapes, if it has another
     */
    public ByteTensor(Shape shape, Tensor storage) {
        this.shape = shape;
        this.storage = storage.require(storageShape(shape), "bytes " + shape, "storage");
    }

    /** (⌈elements / 4⌉): the shape of the float tensor that stores the bytes. */
    public static Shape storageShape(Shape shape) {
        return Shape.of(Math.toIntExact(Math.ceilDiv(shape.elements(), Float.BYTES)));
    }

    /** Extents, outermost first. */
    public Shape shape() {
        return shape;
    }

    /** The float tensor that stores the bytes. */
    public Tensor storage() {
        return storage;
    }

    /** The number of bytes to copy from {@code source}. @throws IllegalArgumentException with both sizes, if the array is shorter */
    public int requireAll(byte[] source, String operation) {
        if (source.length < shape.elements()) {
            throw new IllegalArgumentException(
                    operation + ": the array has " + source.length + " bytes, " + this + " has " + shape.elements());
        }
        return (int) shape.elements();
    }

    @Override
    public String toString() {
        return "bytes " + shape + " in " + storage;
    }
}

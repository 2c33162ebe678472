package org.codanet.run;

import java.util.Arrays;

/** The buffers of a {@link BufferLayout} in one array on the heap: the inputs of a pass other than its images, or its results. */
public final class HostBuffers {
    private final BufferLayout layout;
    private final float[] values;

    /** Buffers that are all zero. */
    public HostBuffers(BufferLayout layout) {
        this.layout = layout;
        this.values = new float[layout.elements()];
    }

    /** Names and shapes. */
    public BufferLayout layout() {
        return layout;
    }

    /** A copy of one buffer, row-major. @throws IllegalArgumentException if there is none of that name */
    public float[] get(String name) {
        BufferLayout.Buffer buffer = layout.buffer(name);
        return Arrays.copyOfRange(values, buffer.offset(), buffer.offset() + buffer.elements());
    }

    /**
     * Overwrites one buffer.
     *
     * @throws IllegalArgumentException if there is none of that name, or it has another number of elements
     */
    public void set(String name, float[] source) {
        BufferLayout.Buffer buffer = layout.buffer(name);
        if (source.length != buffer.elements()) {
            throw new IllegalArgumentException(
                    "buffers: '" + name + "' is " + buffer.shape() + ", given are " + source.length + " values");
        }
        System.arraycopy(source, 0, values, buffer.offset(), source.length);
    }

    /**
     * Copies a part of one buffer.
     *
     * @param from index of the first element in the buffer
     * @param to index of the first element in {@code destination}
     * @throws IndexOutOfBoundsException if the buffer or the destination is shorter
     */
    public void copy(String name, int from, float[] destination, int to, int count) {
        BufferLayout.Buffer buffer = layout.buffer(name);
        if (from < 0 || count < 0 || from > buffer.elements() - count) {
            throw new IndexOutOfBoundsException("buffers: " + count + " elements from " + from + " on of '" + name
                    + "', which has " + buffer.elements());
        }
        System.arraycopy(values, buffer.offset() + from, destination, to, count);
    }

    /** The array that holds all buffers, not a copy. */
    float[] values() {
        return values;
    }
}

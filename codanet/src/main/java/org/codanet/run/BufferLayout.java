package org.codanet.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.codanet.nn.tensor.Shape;

/**
 * Names and shapes of buffers that are stored contiguously in one tensor, so that one copy moves all of them between host and device.
 */
public final class BufferLayout {
    /** A layout without buffers. */
    public static final BufferLayout EMPTY = builder().build();

    private final Map<String, Buffer> buffers;
    private final int elements;

    /** The position of a buffer: {@code shape.elements()} floats, starting at {@code offset}. */
    record Buffer(Shape shape, int offset) {
        int elements() {
            return Math.toIntExact(shape.elements());
        }
    }

    private BufferLayout(Map<String, Buffer> buffers, int elements) {
        this.buffers = Collections.unmodifiableMap(new LinkedHashMap<>(buffers));
        this.elements = elements;
    }

    /** A builder of a layout, without buffers at first. */
    public static Builder builder() {
        return new Builder();
    }

    /** Total number of floats of all buffers. */
    public int elements() {
        return elements;
    }

    /** Shape of one buffer. @throws IllegalArgumentException naming all buffers, if there is none of that name */
    public Shape shape(String name) {
        return buffer(name).shape();
    }

    Buffer buffer(String name) {
        Buffer buffer = buffers.get(name);
        if (buffer == null) {
            throw new IllegalArgumentException("buffers: there is no '" + name + "' among " + buffers.keySet());
        }
        return buffer;
    }

    /** Appends buffers in order. */
    public static final class Builder {
        private final Map<String, Buffer> buffers = new LinkedHashMap<>();
        private int elements;

        private Builder() {}

        /**
         * Appends a buffer.
         *
         * @throws IllegalArgumentException if the name is already in use, or all buffers together have more elements than one array can
         *     hold
         */
        public Builder add(String name, Shape shape) {
            if (elements + shape.elements() > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("buffers: with " + shape + " for '" + name
                        + "' a pass has more values than one array can have; run it for fewer images or targets");
            }
            Buffer buffer = new Buffer(shape, elements);
            if (buffers.putIfAbsent(name, buffer) != null) {
                throw new IllegalArgumentException("buffers: there are two with the name '" + name + "'");
            }
            elements += buffer.elements();
            return this;
        }

        /** The layout. */
        public BufferLayout build() {
            return new BufferLayout(buffers, elements);
        }
    }
}

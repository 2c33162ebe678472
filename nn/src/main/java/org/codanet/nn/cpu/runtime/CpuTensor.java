package org.codanet.nn.cpu.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** A tensor in native memory. A view shares the block of the tensor that it was created from, and checks that this tensor is still open. */
public final class CpuTensor extends Tensor implements AutoCloseable {
    public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final CpuMemory.Block block;
    private final MemorySegment segment;
    private final CpuTensor viewed;

    public CpuTensor(Shape shape, String owner, String device, CpuMemory memory) {
        super(shape, owner, device);
        this.block = memory.take(shape.bytes(), owner);
        this.segment = block.segment();
        this.viewed = null;
    }

    private CpuTensor(Shape shape, MemorySegment segment, CpuTensor viewed) {
        super(shape, viewed.owner(), viewed.deviceName());
        this.block = null;
        this.segment = segment;
        this.viewed = viewed;
    }

    /** Checks that a tensor is open and on this device, and returns it. @throws IllegalArgumentException if it is on another device */
    static CpuTensor of(Tensor tensor) {
        if (!(tensor instanceof CpuTensor cpu)) {
            throw new IllegalArgumentException("cpu: " + tensor + " is not on this device");
        }
        cpu.requireOpen();
        if (cpu.viewed != null) {
            cpu.viewed.requireOpen();
        }
        return cpu;
    }

    /** The memory of an open tensor of this device. */
    public static MemorySegment segment(Tensor tensor) {
        return of(tensor).segment;
    }

    /** Copies {@code count} floats from a segment, starting at element {@code from}, to an array. */
    public static void read(MemorySegment source, long from, float[] destination, int offset, int count) {
        MemorySegment.copy(source, FLOAT, from * Float.BYTES, destination, offset, count);
    }

    /** Copies {@code count} floats from an array to a segment, starting at element {@code to}. */
    public static void write(float[] source, int offset, MemorySegment destination, long to, int count) {
        MemorySegment.copy(source, offset, destination, FLOAT, to * Float.BYTES, count);
    }

    @Override
    public Tensor reshape(Shape other) {
        of(this);
        if (other.elements() != shape().elements()) {
            throw new IllegalArgumentException("reshape: " + shape() + " does not have as many elements as " + other);
        }
        return new CpuTensor(other, segment, viewed == null ? this : viewed);
    }

    @Override
    public Tensor slice(int from, int count) {
        of(this);
        Objects.checkFromIndexSize(from, count, shape().extent(0));
        long stride = shape().bytes() / shape().extent(0);
        return new CpuTensor(
                shape().withFirst(count),
                segment.asSlice(from * stride, count * stride),
                viewed == null ? this : viewed);
    }

    @Override
    public void close() {
        if (!isClosed()) {
            markClosed();
            block.release();
        }
    }
}

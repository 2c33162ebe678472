package org.codanet.gpu.op;

import java.util.Arrays;
import java.util.Objects;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** A tensor in a GPU's memory. Views share the block of the tensor they were made from and check its lifetime. */
public final class CudaTensor extends Tensor implements AutoCloseable {
    /** Floats: more images than fit one batch. */
    private static final int REMEMBERED = 1 << 14;

    private final CudaResources resources;
    private final MemoryPool.Block block;
    private final long address;
    private final CudaTensor viewed;
    private float[] uploaded;

    public CudaTensor(CudaResources resources, Shape shape, String owner) {
        super(shape, owner, resources.name());
        this.resources = resources;
        this.block = resources.memory().take(shape.bytes(), owner);
        this.address = block.address();
        this.viewed = null;
    }

    private CudaTensor(Shape shape, long address, CudaTensor viewed) {
        super(shape, viewed.owner(), viewed.deviceName());
        this.resources = viewed.resources;
        this.block = null;
        this.address = address;
        this.viewed = viewed;
    }

    /** Where the values of an open tensor of this device are. @throws IllegalArgumentException if it is another device's */
    public static long address(CudaResources resources, Tensor tensor) {
        if (!(tensor instanceof CudaTensor own) || own.resources != resources) {
            throw new IllegalArgumentException(resources.name() + ": " + tensor + " is not on this device");
        }
        own.requireOpen();
        if (own.viewed != null) {
            own.viewed.requireOpen();
        }
        return own.address;
    }

    /** {@link #address} of a tensor that the device is about to write to. */
    static long output(CudaResources resources, Tensor tensor) {
        long address = address(resources, tensor);
        root(tensor).uploaded = null;
        return address;
    }

    private static CudaTensor root(Tensor tensor) {
        CudaTensor own = (CudaTensor) tensor;
        return own.viewed == null ? own : own.viewed;
    }

    /**
     * Copies an array to a tensor. The values of a short vector are remembered: labels can be looked at then without waiting
     * for the device.
     */
    public static void upload(CudaResources resources, float[] source, Tensor destination) {
        long address = address(resources, destination);
        long count = destination.shape().elements();
        CudaTensor root = root(destination);
        root.uploaded = root == destination && destination.shape().rank() == 1 && count <= REMEMBERED
                ? Arrays.copyOf(source, (int) count)
                : null;
        resources.staging().upload(source, address, count);
    }

    /** Copies as many bytes of an array as there are to be. */
    public static void upload(CudaResources resources, byte[] source, ByteTensor destination) {
        resources
                .staging()
                .upload(
                        source,
                        output(resources, destination.storage()),
                        destination.shape().elements());
    }

    /** The values of an open tensor as they were uploaded; null if they were not, or are remembered no longer. */
    static float[] uploaded(CudaResources resources, Tensor tensor) {
        long address = address(resources, tensor);
        CudaTensor root = root(tensor);
        if (root.uploaded == null) {
            return null;
        }
        int from = (int) ((address - root.address) / Float.BYTES);
        return Arrays.copyOfRange(
                root.uploaded, from, from + (int) tensor.shape().elements());
    }

    @Override
    public Tensor reshape(Shape other) {
        address(resources, this);
        if (other.elements() != shape().elements()) {
            throw new IllegalArgumentException("reshape: " + shape() + " does not have as many elements as " + other);
        }
        return new CudaTensor(other, address, viewed == null ? this : viewed);
    }

    @Override
    public Tensor slice(int from, int count) {
        address(resources, this);
        Objects.checkFromIndexSize(from, count, shape().extent(0));
        long stride = shape().bytes() / shape().extent(0);
        return new CudaTensor(shape().withFirst(count), address + from * stride, viewed == null ? this : viewed);
    }

    @Override
    public void close() {
        if (!isClosed()) {
            markClosed();
            block.release();
        }
    }
}

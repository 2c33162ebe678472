package org.codanet.gpu.op;

import java.util.Arrays;
import java.util.Objects;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * A tensor in device memory. A view shares the memory of the tensor that it was created from, and checks that this tensor is still open.
 */
public final class CudaTensor extends Tensor implements AutoCloseable {
    /** Length of the longest vector whose uploaded values are remembered. It is larger than the number of images of a batch. */
    private static final int REMEMBERED = 1 << 14;

    private final CudaResources resources;
    private final MemoryPool.Block block;
    private final DevicePointer pointer;
    private final CudaTensor viewed;
    private float[] uploaded;

    public CudaTensor(CudaResources resources, Shape shape, String owner) {
        super(shape, owner, resources.name());
        this.resources = resources;
        this.block = resources.memory().take(shape.bytes(), owner);
        this.pointer = block.pointer();
        this.viewed = null;
    }

    private CudaTensor(Shape shape, DevicePointer pointer, CudaTensor viewed) {
        super(shape, viewed.owner(), viewed.deviceName());
        this.resources = viewed.resources;
        this.block = null;
        this.pointer = pointer;
        this.viewed = viewed;
    }

    /** The memory of an open tensor of this device. @throws IllegalArgumentException if the tensor is on another device */
    public static DevicePointer pointer(CudaResources resources, Tensor tensor) {
        if (!(tensor instanceof CudaTensor own) || own.resources != resources) {
            throw new IllegalArgumentException(resources.name() + ": " + tensor + " is not on this device");
        }
        own.requireOpen();
        if (own.viewed != null) {
            own.viewed.requireOpen();
        }
        return own.pointer;
    }

    /** Like {@link #pointer}, for a tensor that the device will write to: its remembered values are discarded. */
    static DevicePointer output(CudaResources resources, Tensor tensor) {
        DevicePointer pointer = pointer(resources, tensor);
        root(tensor).uploaded = null;
        return pointer;
    }

    private static CudaTensor root(Tensor tensor) {
        CudaTensor own = (CudaTensor) tensor;
        return own.viewed == null ? own : own.viewed;
    }

    /**
     * Copies an array to a tensor. The values of a short vector are remembered, so that labels can be checked without waiting for
     * the device.
     */
    public static void upload(CudaResources resources, float[] source, Tensor destination) {
        DevicePointer pointer = pointer(resources, destination);
        long count = destination.shape().elements();
        CudaTensor root = root(destination);
        root.uploaded = root == destination && destination.shape().rank() == 1 && count <= REMEMBERED
                ? Arrays.copyOf(source, (int) count)
                : null;
        resources.staging().upload(source, pointer);
    }

    /** Copies the first bytes of an array to a tensor of bytes. */
    public static void upload(CudaResources resources, byte[] source, ByteTensor destination) {
        resources
                .staging()
                .upload(
                        source,
                        output(resources, destination.storage())
                                .slice(0, destination.shape().elements()));
    }

    /** The remembered values that were uploaded to an open tensor; null if there are none, or if the device has written to it since. */
    static float[] uploaded(CudaResources resources, Tensor tensor) {
        DevicePointer pointer = pointer(resources, tensor);
        CudaTensor root = root(tensor);
        if (root.uploaded == null) {
            return null;
        }
        int from = (int) ((pointer.address() - root.pointer.address()) / Float.BYTES);
        return Arrays.copyOfRange(
                root.uploaded, from, from + (int) tensor.shape().elements());
    }

    @Override
    public Tensor reshape(Shape other) {
        pointer(resources, this);
        if (other.elements() != shape().elements()) {
            throw new IllegalArgumentException("reshape: " + shape() + " does not have as many elements as " + other);
        }
        return new CudaTensor(other, pointer, viewed == null ? this : viewed);
    }

    @Override
    public Tensor slice(int from, int count) {
        pointer(resources, this);
        Objects.checkFromIndexSize(from, count, shape().extent(0));
        long stride = shape().bytes() / shape().extent(0);
        DevicePointer part = pointer.slice(from * stride, count * stride);
        return new CudaTensor(shape().withFirst(count), part, viewed == null ? this : viewed);
    }

    @Override
    public void close() {
        if (!isClosed()) {
            markClosed();
            block.release();
        }
    }
}

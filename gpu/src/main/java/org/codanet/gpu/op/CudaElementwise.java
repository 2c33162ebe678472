package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Elementwise} by {@code elementwise.cu}. Fills and copies are calls of the driver. */
public final class CudaElementwise implements Elementwise {
    private static final KernelSource SOURCE = CudaResources.source("elementwise.cu");
    /** Number of partial sums of a reduction. It is the same on every GPU, so that the result has the same bits. */
    private static final int PARTS = 512;

    private final CudaResources resources;

    public CudaElementwise(CudaResources resources) {
        this.resources = resources;
    }

    private DevicePointer pointer(Tensor tensor) {
        return CudaTensor.pointer(resources, tensor);
    }

    private DevicePointer output(Tensor tensor) {
        return CudaTensor.output(resources, tensor);
    }

    private Kernel kernel(String function) {
        return resources.kernel(SOURCE, function);
    }

    @Override
    public void fill(Tensor t, float value) {
        resources.stream().fill(output(t), value, t.shape().elements());
    }

    @Override
    public void copy(Tensor source, Tensor destination) {
        requireSameElements("copy", source, destination);
        resources.stream().copy(pointer(source), output(destination));
    }

    @Override
    public void add(Tensor source, float factor, Tensor destination) {
        requireSameElements("add", source, destination);
        map("axpy", source, factor, destination);
    }

    @Override
    public void sign(Tensor source, float factor, Tensor destination) {
        requireSameElements("sign", source, destination);
        map("sign", source, factor, destination);
    }

    private void map(String function, Tensor source, float factor, Tensor destination) {
        long count = source.shape().elements();
        DevicePointer from = pointer(source);
        DevicePointer to = output(destination);
        kernel(function)
                .pointer(to)
                .pointer(from)
                .float32(factor)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void absoluteSum(Tensor t, Tensor out) {
        out.require(Shape.of(1), "absoluteSum", "out");
        long count = t.shape().elements();
        DevicePointer from = pointer(t);
        DevicePointer to = output(out);
        int parts = (int) Math.min(PARTS, CudaResources.blocks(count));
        DevicePointer sums = resources.workspace((long) PARTS * Double.BYTES);
        kernel("absolute_parts").pointer(sums).pointer(from).int64(count).launch(parts, CudaResources.BLOCK);
        kernel("absolute_finish").pointer(to).pointer(sums).int32(parts).launch(1, CudaResources.BLOCK);
    }

    @Override
    public boolean allFinite(Tensor t) {
        long count = t.shape().elements();
        DevicePointer from = pointer(t);
        DevicePointer flag = resources.workspace(Float.BYTES);
        resources.stream().fill(flag, 0, 1);
        kernel("not_finite")
                .pointer(flag)
                .pointer(from)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
        float[] found = new float[1];
        resources.staging().download(flag, found);
        return found[0] == 0;
    }

    private static void requireSameElements(String operation, Tensor source, Tensor destination) {
        if (source.shape().elements() != destination.shape().elements()) {
            throw new IllegalArgumentException(operation + ": source is " + source.shape() + ", destination "
                    + destination.shape() + "; both need the same number of elements");
        }
    }
}

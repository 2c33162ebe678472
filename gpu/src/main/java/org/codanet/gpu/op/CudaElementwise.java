package org.codanet.gpu.op;

import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link Elementwise} by {@code elementwise.cu}; fills and copies by the driver. */
public final class CudaElementwise implements Elementwise {
    private static final String FILE = "elementwise.cu";
    /** Parts of a sum: the same for every card, so that its bits are. */
    private static final int PARTS = 512;

    private final CudaResources resources;

    public CudaElementwise(CudaResources resources) {
        this.resources = resources;
    }

    private long address(Tensor tensor) {
        return CudaTensor.address(resources, tensor);
    }

    private long output(Tensor tensor) {
        return CudaTensor.output(resources, tensor);
    }

    private Kernel kernel(String function) {
        return resources.kernel(FILE, function);
    }

    @Override
    public void fill(Tensor t, float value) {
        resources.context().enter();
        int status = Cuda.cuMemsetD32Async(
                output(t),
                Float.floatToRawIntBits(value),
                t.shape().elements(),
                resources.stream().handle());
        resources.context().check(status, "cuMemsetD32Async", t);
    }

    @Override
    public void copy(Tensor source, Tensor destination) {
        requireSameElements("copy", source, destination);
        long from = address(source);
        long to = output(destination);
        resources.context().enter();
        int status = Cuda.cuMemcpyDtoDAsync_v2(
                to, from, source.shape().bytes(), resources.stream().handle());
        resources.context().check(status, "cuMemcpyDtoDAsync", source);
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
        long from = address(source);
        long to = output(destination);
        kernel(function)
                .address(to)
                .address(from)
                .float32(factor)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void absoluteSum(Tensor t, Tensor out) {
        out.require(Shape.of(1), "absoluteSum", "out");
        long count = t.shape().elements();
        long from = address(t);
        long to = output(out);
        int parts = (int) Math.min(PARTS, CudaResources.blocks(count));
        long sums = resources.workspace().atLeast((long) PARTS * Double.BYTES);
        kernel("absolute_parts").address(sums).address(from).int64(count).launch(parts, CudaResources.BLOCK);
        kernel("absolute_finish").address(to).address(sums).int32(parts).launch(1, CudaResources.BLOCK);
    }

    @Override
    public boolean allFinite(Tensor t) {
        long count = t.shape().elements();
        long from = address(t);
        long flag = resources.workspace().atLeast(Float.BYTES);
        resources.context().enter();
        resources
                .context()
                .check(Cuda.cuMemsetD32Async(flag, 0, 1, resources.stream().handle()), "cuMemsetD32Async", "a flag");
        kernel("not_finite")
                .address(flag)
                .address(from)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
        float[] found = new float[1];
        resources.staging().download(flag, found, 1);
        return found[0] == 0;
    }

    private static void requireSameElements(String operation, Tensor source, Tensor destination) {
        if (source.shape().elements() != destination.shape().elements()) {
            throw new IllegalArgumentException(operation + ": source is " + source.shape() + ", destination "
                    + destination.shape() + "; they need as many elements");
        }
    }
}

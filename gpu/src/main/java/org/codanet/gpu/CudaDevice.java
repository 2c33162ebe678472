package org.codanet.gpu;

import java.util.Set;
import java.util.function.Consumer;
import org.codanet.bindings.CudaLibraries;
import org.codanet.bindings.LoadedLibrary;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.op.CudaElementwise;
import org.codanet.gpu.op.CudaResources;
import org.codanet.gpu.op.CudaTensor;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.device.OutOfMemoryException;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * One NVIDIA GPU. Every operation queues its work on one stream and returns. Only {@link #download}, {@link #synchronize} and {@link
 * Elementwise#allFinite} wait for the GPU. Freed memory is reused by size, so only the first pass of a kind allocates memory from the
 * driver.
 */
public final class CudaDevice implements Device {
    /** Largest workspace, in bytes, of an operation that can split its images into chunks. */
    static final long CHUNK_BYTES = 1L << 30;

    private final CudaResources resources;
    private final CudaElementwise elementwise;
    private final CudaOperations operations;
    private final String libraries;
    private boolean closed;

    private CudaDevice(CudaResources resources, String libraries) {
        this.resources = resources;
        this.libraries = libraries;
        this.elementwise = new CudaElementwise(resources);
        this.operations = new CudaOperations(resources);
    }

    static CudaDevice open(int index, DeviceOptions options, long chunkBytes) {
        if (options.plainLoops()) {
            throw new IllegalArgumentException("device cuda:" + index + ": plain loops are for the CPU device");
        }
        LoadedLibrary driver = CudaLibraries.driver();
        LoadedLibrary nvrtc = CudaLibraries.nvrtc();
        LoadedLibrary cublas = CudaLibraries.cublas();
        Precision precision = options.precision() == null ? Precision.TF32 : options.precision();
        CudaContext context = new CudaContext(index);
        if (precision != Precision.FP32 && context.capability() < 80) {
            context.close();
            throw new IllegalArgumentException("device cuda:" + index + ": precision " + precision.option()
                    + " needs compute capability 8.0, " + context.model() + " has " + context.capability() / 10.0
                    + "; fp32 works");
        }
        String libraries =
                "driver for CUDA " + driver.version() + ", NVRTC " + nvrtc.version() + ", cuBLAS " + cublas.version();
        return new CudaDevice(
                new CudaResources(context, nvrtc, precision, options.memoryBudget(), chunkBytes), libraries);
    }

    @Override
    public String name() {
        return resources.name();
    }

    @Override
    public String description() {
        return name() + ": " + CudaDeviceProvider.describe(resources.context()) + "; " + libraries + "; kernels for "
                + resources.compiler().target() + "; " + precision().option();
    }

    /** With fewer positions, some multiprocessors of a large GPU would have no work in the last layers of a small network. */
    @Override
    public int imagesAtOnce() {
        return 256;
    }

    @Override
    public void listenToSelections(Consumer<String> listener) {
        resources.selections().listen(listener);
    }

    @Override
    public void reportSelection(String selection) {
        resources.selections().report(selection);
    }

    @Override
    public Precision precision() {
        return resources.precision();
    }

    @Override
    public Tensor allocate(Scope scope, Shape shape) {
        requireOpen();
        return scope.register(new CudaTensor(resources, shape, scope.path()));
    }

    @Override
    public void upload(float[] source, Tensor destination) {
        requireLength("upload", source, destination);
        CudaTensor.upload(resources, source, destination);
    }

    @Override
    public void upload(byte[] source, ByteTensor destination) {
        destination.requireAll(source, "upload");
        CudaTensor.upload(resources, source, destination);
    }

    @Override
    public void download(Tensor source, float[] destination) {
        requireLength("download", destination, source);
        resources.staging().download(CudaTensor.pointer(resources, source), destination);
    }

    private static void requireLength(String operation, float[] array, Tensor tensor) {
        if (array.length < tensor.shape().elements()) {
            throw new IllegalArgumentException(operation + ": the array has " + array.length + " floats, " + tensor
                    + " has " + tensor.shape().elements());
        }
    }

    @Override
    public DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape) {
        requireOpen();
        return operations.dynamicAlignment(scope, shape);
    }

    @Override
    public Convolution convolution(Scope scope, ConvolutionShape shape) {
        requireOpen();
        return operations.convolution(scope, shape);
    }

    @Override
    public BatchNorm batchNorm(Scope scope, BatchNormShape shape) {
        requireOpen();
        return operations.batchNorm(scope, shape);
    }

    @Override
    public Relu relu(Scope scope) {
        requireOpen();
        return operations.relu(scope);
    }

    @Override
    public MaxPool maxPool(Scope scope, MaxPoolShape shape) {
        requireOpen();
        return operations.maxPool(scope, shape);
    }

    @Override
    public SumPool sumPool(Scope scope) {
        requireOpen();
        return operations.sumPool(scope);
    }

    @Override
    public Loss loss(Scope scope, LossKind kind) {
        requireOpen();
        return operations.loss(scope, kind);
    }

    @Override
    public Adam adam(Scope scope) {
        requireOpen();
        return operations.adam(scope);
    }

    @Override
    public ImageInput imageInput(Scope scope) {
        requireOpen();
        return operations.imageInput(scope);
    }

    @Override
    public ImageAugmentation imageAugmentation(Scope scope) {
        requireOpen();
        return operations.imageAugmentation(scope);
    }

    @Override
    public ContributionMap contributionMap(Scope scope) {
        requireOpen();
        return operations.contributionMap(scope);
    }

    @Override
    public Elementwise elementwise() {
        requireOpen();
        return elementwise;
    }

    /** True: a pass can be captured, and one driver call then replays all of its launches. */
    @Override
    public boolean supportsCapture() {
        return true;
    }

    @Override
    public CudaGraphCapture capture(Scope scope, Runnable body) {
        requireOpen();
        try {
            CudaGraphCapture capture = scope.register(new CudaGraphCapture(resources, scope.path(), body));
            resources
                    .selections()
                    .report("pass of '" + scope.path() + "': captured as a CUDA graph of " + capture.nodes()
                            + " nodes");
            return capture;
        } catch (OutOfMemoryException refusal) {
            resources
                    .selections()
                    .report("pass of '" + scope.path() + "': runs eagerly, because it cannot be captured: "
                            + refusal.getMessage());
            throw refusal;
        }
    }

    @Override
    public MemoryUse memory() {
        return resources.memory().use();
    }

    @Override
    public long libraryBytes() {
        return resources.libraryBytes();
    }

    /** Frees the workspace. A captured pass is captured again at its next replay if the new workspace has another address. */
    @Override
    public void trimMemory() {
        requireOpen();
        resources.trimMemory();
    }

    @Override
    public void resetPeakMemory() {
        resources.memory().resetPeak();
    }

    @Override
    public void synchronize() {
        requireOpen();
        resources.stream().synchronize();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("device " + name() + " is closed");
        }
    }

    /**
     * Throws {@link IllegalStateException} and changes nothing if a tensor or an operation is still open. The caller can then close its
     * scope and call this method again.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        Set<String> open = resources.owners();
        if (!open.isEmpty()) {
            throw new IllegalStateException("device " + name()
                    + " cannot be closed: tensors or operations are still open in "
                    + String.join(
                            ", ",
                            open.stream().map(path -> "scope '" + path + "'").toList())
                    + "; close these first");
        }
        closed = true;
        resources.close();
    }
}

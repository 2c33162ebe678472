package org.codanet.nn.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.codanet.bindings.NativeLibraryException;
import org.codanet.bindings.OneDnn;
import org.codanet.nn.cpu.alignment.CpuDynamicAlignment;
import org.codanet.nn.cpu.dnnl.DnnlEngine;
import org.codanet.nn.cpu.kernel.KernelSelection;
import org.codanet.nn.cpu.kernel.bf16.Bfloat16Code;
import org.codanet.nn.cpu.op.CpuAdam;
import org.codanet.nn.cpu.op.CpuBatchNorm;
import org.codanet.nn.cpu.op.CpuContributionMap;
import org.codanet.nn.cpu.op.CpuConvolution;
import org.codanet.nn.cpu.op.CpuElementwise;
import org.codanet.nn.cpu.op.CpuImageAugmentation;
import org.codanet.nn.cpu.op.CpuImageInput;
import org.codanet.nn.cpu.op.CpuLoss;
import org.codanet.nn.cpu.op.CpuMaxPool;
import org.codanet.nn.cpu.op.CpuRelu;
import org.codanet.nn.cpu.op.CpuSumPool;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuMemory;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Workers;
import org.codanet.nn.device.CapturedGraph;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.EagerCapture;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.device.PeakMeasurement;
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
 * The CPU device, which uses all processors of the machine. It owns the worker threads, the memory and, after the first ordinary
 * convolution, oneDNN's engine. Everything except the ordinary convolution runs without oneDNN.
 *
 * <p>Results are reproducible bit for bit and do not depend on the number of threads, because sums are reduced in a fixed order. There is
 * one exception: oneDNN may split the weight gradient of an ordinary convolution by the number of threads.
 */
public final class CpuDevice implements Device, PeakMeasurement {
    private static final String NAME = "cpu";

    private final CpuContext context;
    private final KernelSelection kernels;
    private final Processor processor;
    private final CpuElementwise elementwise;
    private final EagerCapture captures = new EagerCapture(NAME);
    private DnnlEngine engine;
    private boolean closed;

    /** @throws IllegalArgumentException if this processor does not support the precision */
    public CpuDevice(DeviceOptions options) {
        processor = Processor.here();
        Precision precision = precision(options.precision(), processor);
        kernels = KernelSelection.of(options.plainLoops());
        if (precision == Precision.BF16) {
            requireBfloat16(kernels);
        }
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        CpuMemory memory = new CpuMemory(NAME, options.memoryBudget());
        context = new CpuContext(NAME, kernels.kernels(), new Workers(threads, NAME), memory, precision);
        elementwise = new CpuElementwise(context);
    }

    static Precision precision(Precision asked, Processor processor) {
        if (asked == Precision.TF32) {
            throw new IllegalArgumentException(
                    "device cpu: precision tf32 is for GPUs; fp32 and, on some processors, bf16");
        }
        if (asked == Precision.BF16 && !processor.hasBfloat16()) {
            throw new IllegalArgumentException("device cpu: precision bf16 needs a processor with avx512_bf16; "
                    + processor.name() + " has " + processor.instructionSets() + "; fp32 works");
        }
        return asked == null ? Precision.FP32 : asked;
    }

    private static void requireBfloat16(KernelSelection kernels) {
        if (kernels.kernels().lanes() != Bfloat16Code.LANES) {
            throw new IllegalArgumentException(
                    "device cpu: precision bf16 needs inner loops on vectors of 512 bits; here they are "
                            + kernels.description() + "; fp32 works");
        }
        if (!Bfloat16Code.refused().isEmpty()) {
            throw new DeviceException("device cpu: precision bf16: " + Bfloat16Code.refused() + "; fp32 works");
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return NAME + ": " + processor.name() + ", " + processor.instructionSets() + "; "
                + threads(context.workers().count()) + "; " + kernels.description() + "; " + oneDnn() + "; "
                + context.precision().option();
    }

    private static String threads(int count) {
        return count == 1 ? "1 thread" : count + " threads";
    }

    private static String oneDnn() {
        try {
            return "oneDNN " + OneDnn.load().version();
        } catch (NativeLibraryException e) {
            return "without oneDNN";
        }
    }

    @Override
    public void listenToSelections(Consumer<String> listener) {
        context.selections().listen(listener);
    }

    @Override
    public void reportSelection(String selection) {
        context.selections().report(selection);
    }

    @Override
    public Precision precision() {
        return context.precision();
    }

    @Override
    public Tensor allocate(Scope scope, Shape shape) {
        requireOpen();
        return scope.register(new CpuTensor(shape, scope.path(), NAME, context.memory()));
    }

    @Override
    public void upload(float[] source, Tensor destination) {
        captures.refuseInside("upload");
        int count = requireCapacity("upload", source, destination);
        CpuTensor.write(source, 0, CpuTensor.segment(destination), 0, count);
    }

    @Override
    public void upload(byte[] source, ByteTensor destination) {
        captures.refuseInside("upload");
        int count = destination.requireAll(source, "upload");
        MemorySegment.copy(source, 0, CpuTensor.segment(destination.storage()), ValueLayout.JAVA_BYTE, 0, count);
    }

    @Override
    public void download(Tensor source, float[] destination) {
        captures.refuseInside("download");
        int count = requireCapacity("download", destination, source);
        CpuTensor.read(CpuTensor.segment(source), 0, destination, 0, count);
    }

    private static int requireCapacity(String operation, float[] array, Tensor tensor) {
        if (array.length < tensor.shape().elements()) {
            throw new IllegalArgumentException(operation + ": the array has " + array.length + " floats, " + tensor
                    + " has " + tensor.shape().elements());
        }
        return (int) tensor.shape().elements();
    }

    @Override
    public DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape) {
        requireOpen();
        CpuDynamicAlignment operation = new CpuDynamicAlignment(context, scope, shape);
        context.selections().report(operation);
        return operation;
    }

    private DnnlEngine engine() {
        if (engine == null) {
            engine = new DnnlEngine(NAME, context.workers().count());
        }
        return engine;
    }

    @Override
    public Convolution convolution(Scope scope, ConvolutionShape shape) {
        requireOpen();
        return scope.register(new CpuConvolution(context, scope.path(), engine(), shape));
    }

    @Override
    public BatchNorm batchNorm(Scope scope, BatchNormShape shape) {
        requireOpen();
        return scope.register(new CpuBatchNorm(context, scope.path(), shape));
    }

    @Override
    public Relu relu(Scope scope) {
        requireOpen();
        return scope.register(new CpuRelu(context, scope.path()));
    }

    @Override
    public MaxPool maxPool(Scope scope, MaxPoolShape shape) {
        requireOpen();
        return scope.register(new CpuMaxPool(context, scope.path(), shape));
    }

    @Override
    public SumPool sumPool(Scope scope) {
        requireOpen();
        return scope.register(new CpuSumPool(context, scope.path()));
    }

    @Override
    public Loss loss(Scope scope, LossKind kind) {
        requireOpen();
        return scope.register(new CpuLoss(context, scope.path(), kind));
    }

    @Override
    public Adam adam(Scope scope) {
        requireOpen();
        return scope.register(new CpuAdam(context, scope.path()));
    }

    @Override
    public ImageInput imageInput(Scope scope) {
        requireOpen();
        return scope.register(new CpuImageInput(context, scope.path()));
    }

    @Override
    public ImageAugmentation imageAugmentation(Scope scope) {
        requireOpen();
        return scope.register(new CpuImageAugmentation(context, scope.path()));
    }

    @Override
    public ContributionMap contributionMap(Scope scope) {
        requireOpen();
        return scope.register(new CpuContributionMap(context, scope.path()));
    }

    @Override
    public Elementwise elementwise() {
        requireOpen();
        return elementwise;
    }

    /** False: the overhead of an eager call is negligible. */
    @Override
    public boolean supportsCapture() {
        return false;
    }

    @Override
    public CapturedGraph capture(Scope scope, Runnable body) {
        requireOpen();
        return captures.capture(scope, body);
    }

    @Override
    public MemoryUse memory() {
        return context.memory().use();
    }

    @Override
    public void trimMemory() {
        context.workspace().free();
        context.memory().releaseIdle();
    }

    @Override
    public void resetPeakMemory() {
        context.memory().resetPeak();
    }

    /** Does nothing, because every operation is complete when its call returns. */
    @Override
    public void synchronize() {
        captures.refuseInside("wait");
    }

    @Override
    public double peakGflops() {
        requireOpen();
        return new PeakProduct(context).gflops();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("device " + NAME + " is closed");
        }
    }

    /**
     * Throws {@link IllegalStateException} if a tensor or an operation is still open. The caller can then close its scope and call this
     * method again.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        context.workspace().free();
        Set<String> open = new TreeSet<>(context.operations().owners());
        open.addAll(context.memory().owners());
        if (!open.isEmpty()) {
            throw new IllegalStateException("device " + NAME
                    + " cannot be closed: tensors or operations are still open in "
                    + String.join(
                            ", ",
                            open.stream().map(path -> "scope '" + path + "'").toList())
                    + "; close these first");
        }
        closed = true;
        context.workers().close();
        context.memory().releaseIdle();
        if (engine != null) {
            engine.close();
        }
    }
}

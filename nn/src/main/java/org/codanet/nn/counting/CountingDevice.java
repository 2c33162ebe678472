package org.codanet.nn.counting;

import java.util.Set;
import java.util.function.Consumer;
import org.codanet.nn.device.CapturedGraph;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.EagerCapture;
import org.codanet.nn.device.MemoryUse;
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
 * Stands in for a real device and counts the bytes that the same calls would take there. Run a pass on it, then read {@link #peak}.
 *
 * <pre>
 *   CountingDevice counting = new CountingDevice(device);
 *   try (Scope scope = Scope.open("plan")) {
 *       ...                                          // build the network on 'counting' and run the pass
 *   }
 *   long bytes = counting.peak().totalBytes();
 * </pre>
 *
 * <p>No operation computes. A transfer copies nothing, so an array that {@link #download} should fill keeps its contents. Arguments
 * are not checked: the real device checks them.
 *
 * <p>The count is that of a pass after the first one, when the workspace has its final size. It is exact for tensors, forward states,
 * prepared weights and the libraries' own memory. It is not exact in these points, for which a caller that plans must leave a margin:
 *
 * <ul>
 *   <li>Operations other than dynamic alignment count no workspace. What they need is small, except for an ordinary convolution, whose
 *       workspace the vendor's library decides.
 *   <li>The workspace is that of the layer that needs the most. On a CPU the workspace consists of several arrays, and each may grow to
 *       the size that another layer needs. A worker that has run no task yet has no arrays.
 *   <li>The memory that a captured graph keeps for its own tensors is not counted.
 * </ul>
 */
public final class CountingDevice implements Device {
    private static final ContributionMap CONTRIBUTION_MAP = (x, map, perChannel, perPosition, total) -> {};
    private static final ImageAugmentation IMAGE_AUGMENTATION = (steps, inverse, x) -> {};

    private final Device counted;
    private final ByteCounter counter;
    private final EagerCapture captures;

    /** @param counted the real device, which is asked for sizes; it stays the caller's and must stay open */
    public CountingDevice(Device counted) {
        this.counted = counted;
        this.counter = new ByteCounter(counted.libraryBytes());
        this.captures = new EagerCapture(counted.name());
    }

    /** Bytes at the peak since this was created or {@link #resetPeakMemory}, by what they are for. */
    public MemoryPeak peak() {
        return counter.peak();
    }

    /** The name of the device that is counted for. */
    @Override
    public String name() {
        return counted.name();
    }

    @Override
    public String description() {
        return "counting bytes for " + counted.description();
    }

    /** Never calls the listener: the real device reports what it selects. */
    @Override
    public void listenToSelections(Consumer<String> listener) {}

    /** Does nothing. */
    @Override
    public void reportSelection(String selection) {}

    @Override
    public Precision precision() {
        return counted.precision();
    }

    @Override
    public Tensor allocate(Scope scope, Shape shape) {
        return scope.register(
                new CountingTensor(shape, scope.path(), counted.name(), counter, counted.tensorBytes(shape)));
    }

    @Override
    public long tensorBytes(Shape shape) {
        return counted.tensorBytes(shape);
    }

    @Override
    public void upload(float[] source, Tensor destination) {}

    @Override
    public void upload(byte[] source, ByteTensor destination) {}

    @Override
    public void download(Tensor source, float[] destination) {}

    /** Creates an operation of the real device as well, in the same scope, to ask it for sizes. */
    @Override
    public DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape) {
        return scope.register(new CountingDynamicAlignment(counted.dynamicAlignment(scope, shape), counter));
    }

    @Override
    public Convolution convolution(Scope scope, ConvolutionShape shape) {
        return new CountingOperations.CountingConvolution(shape);
    }

    @Override
    public BatchNorm batchNorm(Scope scope, BatchNormShape shape) {
        return new CountingOperations.CountingBatchNorm(shape);
    }

    @Override
    public Relu relu(Scope scope) {
        return new CountingOperations.CountingRelu();
    }

    @Override
    public MaxPool maxPool(Scope scope, MaxPoolShape shape) {
        return new CountingOperations.CountingMaxPool(shape);
    }

    @Override
    public SumPool sumPool(Scope scope) {
        return new CountingOperations.CountingSumPool();
    }

    @Override
    public Loss loss(Scope scope, LossKind kind) {
        return new CountingOperations.CountingLoss(kind);
    }

    @Override
    public Adam adam(Scope scope) {
        return new CountingOperations.CountingAdam();
    }

    @Override
    public ImageInput imageInput(Scope scope) {
        return new CountingOperations.CountingImageInput();
    }

    @Override
    public ImageAugmentation imageAugmentation(Scope scope) {
        return IMAGE_AUGMENTATION;
    }

    @Override
    public ContributionMap contributionMap(Scope scope) {
        return CONTRIBUTION_MAP;
    }

    @Override
    public Elementwise elementwise() {
        return new CountingOperations.CountingElementwise();
    }

    /** False: a pass is counted as it runs eagerly. */
    @Override
    public boolean supportsCapture() {
        return false;
    }

    @Override
    public CapturedGraph capture(Scope scope, Runnable body) {
        return captures.capture(scope, body);
    }

    @Override
    public MemoryUse memory() {
        return counter.use();
    }

    @Override
    public long libraryBytes() {
        return counted.libraryBytes();
    }

    @Override
    public void trimMemory() {
        counter.dropWorkspace();
    }

    @Override
    public void resetPeakMemory() {
        counter.resetPeak();
    }

    /**
     * Forgets what the passes so far have left behind: workspace, prepared weights and the peak. Weights must be prepared again. Open
     * tensors still count.
     */
    public void forgetPasses() {
        counter.forgetPasses();
    }

    @Override
    public void synchronize() {}

    /** Leaves the real device open. */
    @Override
    public void close() {
        Set<String> owners = counter.owners();
        if (!owners.isEmpty()) {
            throw new IllegalStateException(
                    "counting device: tensors are still open in scopes " + String.join(", ", owners));
        }
    }
}

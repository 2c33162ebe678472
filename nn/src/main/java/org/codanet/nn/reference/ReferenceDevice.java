package org.codanet.nn.reference;

import java.util.Set;
import java.util.function.Consumer;
import org.codanet.nn.device.CapturedGraph;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.EagerCapture;
import org.codanet.nn.device.MemoryUse;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;
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
import org.codanet.nn.reference.alignment.ReferenceDynamicAlignment;
import org.codanet.nn.reference.op.ReferenceAdam;
import org.codanet.nn.reference.op.ReferenceBatchNorm;
import org.codanet.nn.reference.op.ReferenceContributionMap;
import org.codanet.nn.reference.op.ReferenceConvolution;
import org.codanet.nn.reference.op.ReferenceElementwise;
import org.codanet.nn.reference.op.ReferenceImageAugmentation;
import org.codanet.nn.reference.op.ReferenceImageInput;
import org.codanet.nn.reference.op.ReferenceLoss;
import org.codanet.nn.reference.op.ReferenceMaxPool;
import org.codanet.nn.reference.op.ReferenceMemory;
import org.codanet.nn.reference.op.ReferenceRelu;
import org.codanet.nn.reference.op.ReferenceSumPool;
import org.codanet.nn.reference.op.ReferenceTensor;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The formulas as they are written, in double precision on one thread. Other devices are tested against it. Every tensor holds
 * doubles, which are rounded to float32 only when they are downloaded, so the results of a whole network are correct to the last bits
 * of a float.
 */
public final class ReferenceDevice implements Device {
    private static final String NAME = "reference";

    private final ReferenceMemory memory;
    private final Elementwise elementwise;
    private final SelectionLog selections = new SelectionLog();
    private final EagerCapture captures = new EagerCapture(NAME);
    private boolean closed;

    /** @throws IllegalArgumentException if the options ask for another precision than fp32 */
    public ReferenceDevice(DeviceOptions options) {
        if (options.precision() != null && options.precision() != Precision.FP32) {
            throw new IllegalArgumentException("device reference: precision "
                    + options.precision().option() + " is for other devices; this one has fp32 only");
        }
        this.memory = new ReferenceMemory(NAME, options.memoryBudget());
        this.elementwise = new ReferenceElementwise(memory);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return NAME + ": plain loops in double precision, 1 thread; for comparison, not for speed";
    }

    /** Only callers report: this device has one algorithm for everything. */
    @Override
    public void listenToSelections(Consumer<String> listener) {
        selections.listen(listener);
    }

    @Override
    public void reportSelection(String selection) {
        selections.report(selection);
    }

    /** FP32; the arithmetic is more precise. */
    @Override
    public Precision precision() {
        return Precision.FP32;
    }

    @Override
    public Tensor allocate(Scope scope, Shape shape) {
        requireOpen();
        return scope.register(new ReferenceTensor(shape, scope.path(), NAME, memory));
    }

    /** Eight bytes a value: tensors hold doubles. */
    @Override
    public long tensorBytes(Shape shape) {
        return Math.multiplyExact(shape.elements(), (long) Double.BYTES);
    }

    @Override
    public void upload(float[] source, Tensor destination) {
        captures.refuseInside("upload");
        ReferenceTensor to = own(destination);
        requireCapacity("upload", source.length, to);
        for (int i = 0; i < to.size(); i++) {
            to.set(i, source[i]);
        }
    }

    /** Each value of the storage holds four bytes, the first in the lowest bits. A double represents them exactly. */
    @Override
    public void upload(byte[] source, ByteTensor destination) {
        captures.refuseInside("upload");
        ReferenceTensor to = own(destination.storage());
        int count = destination.requireAll(source, "upload");
        for (int i = 0; i < to.size(); i++) {
            long word = 0;
            for (int at = 4 * i; at < Math.min(4 * i + 4, count); at++) {
                word |= Byte.toUnsignedLong(source[at]) << 8 * (at % 4);
            }
            to.set(i, word);
        }
    }

    @Override
    public void download(Tensor source, float[] destination) {
        captures.refuseInside("download");
        ReferenceTensor from = own(source);
        requireCapacity("download", destination.length, from);
        for (int i = 0; i < from.size(); i++) {
            destination[i] = (float) from.get(i);
        }
    }

    /** Copies doubles to a tensor without rounding, for finite differences. */
    public void uploadExactly(double[] source, Tensor destination) {
        ReferenceTensor to = own(destination);
        requireCapacity("upload", source.length, to);
        to.write(source);
    }

    /** All values without rounding. */
    public double[] downloadExactly(Tensor source) {
        return own(source).read();
    }

    private ReferenceTensor own(Tensor tensor) {
        requireOpen();
        return ReferenceTensor.of(tensor, memory);
    }

    private static void requireCapacity(String operation, int length, ReferenceTensor tensor) {
        if (length < tensor.size()) {
            throw new IllegalArgumentException(
                    operation + ": the array has " + length + " numbers, " + tensor + " has " + tensor.size());
        }
    }

    @Override
    public DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape) {
        requireOpen();
        return scope.register(new ReferenceDynamicAlignment(memory, scope, shape));
    }

    @Override
    public Convolution convolution(Scope scope, ConvolutionShape shape) {
        requireOpen();
        return scope.register(new ReferenceConvolution(memory, scope, shape));
    }

    @Override
    public BatchNorm batchNorm(Scope scope, BatchNormShape shape) {
        requireOpen();
        return scope.register(new ReferenceBatchNorm(memory, scope, shape));
    }

    @Override
    public Relu relu(Scope scope) {
        requireOpen();
        return scope.register(new ReferenceRelu(memory, scope));
    }

    @Override
    public MaxPool maxPool(Scope scope, MaxPoolShape shape) {
        requireOpen();
        return scope.register(new ReferenceMaxPool(memory, scope, shape));
    }

    @Override
    public SumPool sumPool(Scope scope) {
        requireOpen();
        return scope.register(new ReferenceSumPool(memory, scope));
    }

    @Override
    public Loss loss(Scope scope, LossKind kind) {
        requireOpen();
        return scope.register(new ReferenceLoss(memory, scope, kind));
    }

    @Override
    public Adam adam(Scope scope) {
        requireOpen();
        return scope.register(new ReferenceAdam(memory, scope));
    }

    @Override
    public ImageInput imageInput(Scope scope) {
        requireOpen();
        return scope.register(new ReferenceImageInput(memory, scope));
    }

    @Override
    public ImageAugmentation imageAugmentation(Scope scope) {
        requireOpen();
        return scope.register(new ReferenceImageAugmentation(memory, scope));
    }

    @Override
    public ContributionMap contributionMap(Scope scope) {
        requireOpen();
        return scope.register(new ReferenceContributionMap(memory, scope));
    }

    @Override
    public Elementwise elementwise() {
        requireOpen();
        return elementwise;
    }

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
        return memory.use();
    }

    /** Does nothing: freed memory is not kept for reuse. */
    @Override
    public void trimMemory() {}

    @Override
    public void resetPeakMemory() {
        memory.resetPeak();
    }

    /** Does nothing: every operation has run when its call returns. */
    @Override
    public void synchronize() {
        captures.refuseInside("wait");
    }

    @Override
    public void close() {
        Set<String> owners = memory.owners();
        if (!closed && !owners.isEmpty()) {
            throw new IllegalStateException("device " + NAME
                    + " cannot be closed: tensors or operations are still open in scopes " + String.join(", ", owners));
        }
        closed = true;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("device " + NAME + " was used after it was closed");
        }
    }

    @Override
    public String toString() {
        return description();
    }
}

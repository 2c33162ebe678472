package org.codanet.nn.device;

import java.util.function.Consumer;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.op.ImageAugmentation;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Where tensors live and operations run, in call order on one stream. Not thread-safe: callers that share a device take
 * turns.
 *
 * <p>An operation is planned once by the factory of its name and run often. It belongs to the scope it was made in.
 * Operations overwrite their outputs unless their documentation says that they add.
 */
public interface Device extends AutoCloseable {
    /** {@code cpu}, {@code reference}, {@code cuda:0}: part of every error message. */
    String name();

    /** What was chosen, in one line: processor or card, threads, instruction set, library versions, precision. */
    String description();

    /**
     * Tells {@code listener} of every algorithm that is chosen from now on: once each, in a line for people, when it is chosen. A
     * device with one way to do everything tells nothing.
     */
    void listenToSelections(Consumer<String> listener);

    /** Tells the listener of a choice that was made outside for the device's sake, such as a smaller batch; once each. */
    void reportSelection(String choice);

    /** Arithmetic of the matrix products. */
    Precision precision();

    /** A tensor with undefined contents, owned by {@code scope}. @throws OutOfMemoryException if there is no room */
    Tensor allocate(Scope scope, Shape shape);

    /** Bytes of this device's memory that a tensor of that shape takes: four a value on most devices. */
    default long tensorBytes(Shape shape) {
        return shape.bytes();
    }

    /** Copies {@code destination.shape().elements()} floats in; returns once {@code source} may be reused. */
    void upload(float[] source, Tensor destination);

    /** Bytes with undefined contents, owned by {@code scope}. @throws OutOfMemoryException if there is no room */
    default ByteTensor allocateBytes(Scope scope, Shape shape) {
        return new ByteTensor(shape, allocate(scope, ByteTensor.room(shape)));
    }

    /**
     * Copies {@code destination.shape().elements()} bytes in; returns once {@code source} may be reused.
     *
     * @throws IllegalArgumentException if there are fewer
     */
    void upload(byte[] source, ByteTensor destination);

    /** Copies all floats out; waits for the work queued before it. */
    void download(Tensor source, float[] destination);

    /** The dynamic alignment convolution: the layer that this library exists for. */
    DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape);

    /** The ordinary convolution with bias. */
    Convolution convolution(Scope scope, ConvolutionShape shape);

    /** Sum over positions, temperature and bias: activations to logits. */
    SumPool sumPool(Scope scope);

    /** Mean loss of a batch and its gradient with respect to the logits. */
    Loss loss(Scope scope, LossKind kind);

    /** The optimiser's update of all parameters at once. */
    Adam adam(Scope scope);

    /** Images as read to the network's input: layout and inverse channels. */
    ImageInput imageInput(Scope scope);

    /** Variation of training images, of each by steps of its own. */
    ImageAugmentation imageAugmentation(Scope scope);

    /** Input times linear map, reduced to maps and sums. */
    ContributionMap contributionMap(Scope scope);

    /** Fill, copy, add, scale, norms. */
    Elementwise elementwise();

    /**
     * Whether a recorded step costs less than the calls it is made of, so that recording is worth the memory that is kept
     * for it.
     */
    boolean supportsCapture();

    /**
     * Keeps a step to be run again: the same operations on the same tensors, with whatever values these hold by then. Recording
     * computes nothing. The step has to have run before, by a call, so that all it needs is planned and there.
     *
     * <p>Inside, operations run on tensors that stay open as long as the step is used. More may be allocated in scopes that the
     * step itself opens and closes; on a device where {@link #supportsCapture} their memory stays with the recording. A step
     * may not upload (as {@code SumPool.seed} of a list does), download, wait (as {@code Elementwise.allFinite} does), record,
     * or leave anything open; that is refused where it happens, here or when the step is run. On a device where nothing would be
     * gained the step is called again each time.
     *
     * @param scope owner of what is kept
     * @throws IllegalStateException if the step does what it may not
     * @throws OutOfMemoryException if the memory that its run by a call took is not there at one time; nothing has changed then
     */
    CapturedGraph capture(Scope scope, Runnable step);

    /** Bytes now, bytes at most, tensors now. */
    MemoryUse memory();

    /** Bytes of {@link #memory} that the device holds for itself once it works, whatever the work is: rooms of its libraries. */
    default long libraryBytes() {
        return 0;
    }

    /**
     * Gives back to the system what is held only to be used again: idle memory and working room. The next step asks for what it needs,
     * as the first did.
     */
    void trimMemory();

    /** Starts a new measurement of {@link MemoryUse#peak}. */
    void resetPeakMemory();

    /** Waits until everything queued has run. */
    void synchronize();

    /** Gives all memory back. @throws IllegalStateException if a tensor or an operation is still open, naming its scope */
    @Override
    void close();
}

package org.codanet.nn.device;

import java.util.function.Consumer;
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
 * Where tensors live and operations run. Everything that computes in this project goes through this interface.
 *
 * <p><b>Order.</b> Operations run in the order of the calls, as on one stream. A call may return before its work is done; {@link
 * #download}, {@link #synchronize} and {@link Elementwise#allFinite} wait for all work before them. Operations overwrite their
 * outputs unless their documentation says that they add.
 *
 * <p><b>Threads.</b> A device is not thread-safe. Callers that share a device synchronise on it.
 *
 * <p><b>Ownership.</b> A tensor or an operation belongs to the {@link Scope} that it was created in and is closed with it. An
 * operation is created once by the factory method of its name, is planned for its shape, and then runs often. A device refuses the
 * tensors of another device with {@link IllegalArgumentException}, and closed tensors and operations with {@link
 * IllegalStateException}.
 *
 * <p><b>Memory.</b> Memory that is freed stays with the device for reuse, so that a repeated pass asks the system for nothing.
 * Operations share one workspace, which grows to the largest request. {@link #memory} counts all of it, and {@link #trimMemory}
 * returns what is idle.
 *
 * <p><b>Determinism.</b> The same call with the same inputs gives the same bits on the same device, unless a class says otherwise.
 *
 * <p>{@link Devices} opens devices by name. The {@code reference} device computes in double precision and is what the others are
 * tested against.
 */
public interface Device extends AutoCloseable {
    /** {@code cpu}, {@code reference}, {@code cuda:0}: part of every error message. */
    String name();

    /** One line for people: processor or GPU, threads, instruction set, library versions, precision. */
    String description();

    /**
     * Number of images at which a pass of a network reaches the device's full speed. Passes over more images are divided into
     * micro-batches of this size, so that their memory does not grow with the number of images.
     */
    default int imagesAtOnce() {
        return 16;
    }

    /**
     * Calls {@code listener} with one line of text for each algorithm that the device selects from now on, when it is selected. The
     * same line is reported once. A device that has only one algorithm for everything reports nothing.
     */
    void listenToSelections(Consumer<String> listener);

    /**
     * Calls the listener with a decision that the caller made because of this device, such as a smaller batch. The same line is
     * reported once. Does nothing without a listener.
     */
    void reportSelection(String selection);

    /** Arithmetic of the matrix products. */
    Precision precision();

    /** A tensor with undefined contents, owned by {@code scope}. @throws OutOfMemoryException if there is not enough memory */
    Tensor allocate(Scope scope, Shape shape);

    /** Bytes of this device's memory that a tensor of that shape takes. Most devices store float32: four bytes a value. */
    default long tensorBytes(Shape shape) {
        return shape.bytes();
    }

    /**
     * Copies {@code destination.shape().elements()} floats from the start of {@code source} to the device. The caller may reuse
     * {@code source} when this returns.
     *
     * @throws IllegalArgumentException if the array is shorter
     */
    void upload(float[] source, Tensor destination);

    /** Bytes with undefined contents, owned by {@code scope}. @throws OutOfMemoryException if there is not enough memory */
    default ByteTensor allocateBytes(Scope scope, Shape shape) {
        return new ByteTensor(shape, allocate(scope, ByteTensor.storageShape(shape)));
    }

    /**
     * Copies {@code destination.shape().elements()} bytes from the start of {@code source} to the device. The caller may reuse
     * {@code source} when this returns.
     *
     * @throws IllegalArgumentException if the array is shorter
     */
    void upload(byte[] source, ByteTensor destination);

    /**
     * Copies all floats of {@code source} to the start of {@code destination}, after all work before it.
     *
     * @throws IllegalArgumentException if the array is shorter
     */
    void download(Tensor source, float[] destination);

    /** The dynamic alignment convolution, the layer of CoDA-Nets. */
    DynamicAlignment dynamicAlignment(Scope scope, DynamicAlignmentShape shape);

    /** The ordinary convolution. */
    Convolution convolution(Scope scope, ConvolutionShape shape);

    /** Batch normalisation, in training and with running statistics. */
    BatchNorm batchNorm(Scope scope, BatchNormShape shape);

    /** The rectifier, and its rules for attribution methods. */
    Relu relu(Scope scope);

    /** The maximum of each window. */
    MaxPool maxPool(Scope scope, MaxPoolShape shape);

    /** From the last activation to the logits: sum over positions, temperature and bias. */
    SumPool sumPool(Scope scope);

    /** Mean loss of a batch and its gradient with respect to the logits. */
    Loss loss(Scope scope, LossKind kind);

    /** The optimiser's update of all parameters at once. */
    Adam adam(Scope scope);

    /** From images as they are read to the network's input: layout and inverse channels. */
    ImageInput imageInput(Scope scope);

    /** Data augmentation: each training image is changed by its own sequence of operations. */
    ImageAugmentation imageAugmentation(Scope scope);

    /** Contributions: input times linear map, per value, per position or in total. */
    ContributionMap contributionMap(Scope scope);

    /** Fill, copy, add, sign and sums. Belongs to the device; nothing has to be closed. */
    Elementwise elementwise();

    /**
     * Whether replaying a captured graph costs less than the calls that it consists of. If not, callers should not spend memory on
     * captures.
     */
    boolean supportsCapture();

    /**
     * Captures the operations that {@code body} calls, for replay by {@link CapturedGraph#run}. A replay runs the same operations on
     * the same tensors, with the values that these hold by then. The capture itself computes nothing. A device that does not support
     * capture calls {@code body} again at each replay; the rules are the same.
     *
     * <p>Rules:
     *
     * <ul>
     *   <li>{@code body} must have run eagerly before, so that every plan, kernel and buffer that it needs exists.
     *   <li>The tensors that it uses must stay open as long as the graph is used.
     *   <li>It may allocate tensors in scopes that it opens and closes itself. On a device that {@linkplain #supportsCapture supports
     *       capture}, the graph keeps their memory.
     *   <li>It must not upload, download, wait for the device (as {@link Elementwise#allFinite} does), start another capture, or
     *       leave a tensor open. A violation throws here or at the replay.
     * </ul>
     *
     * @param scope owner of the graph
     * @throws IllegalStateException if {@code body} breaks a rule
     * @throws OutOfMemoryException if the memory that the eager run took is not available; nothing has changed then, and the caller
     *     can continue eagerly
     */
    CapturedGraph capture(Scope scope, Runnable body);

    /** Memory that this device holds now and held at the peak. */
    MemoryUse memory();

    /**
     * Bytes that vendor libraries hold for themselves as soon as they are used, whatever the work is. They are part of {@link #memory};
     * a plan of a pass has to add them.
     */
    default long libraryBytes() {
        return 0;
    }

    /**
     * Returns idle blocks and the workspace to the system. Open tensors and operations are not affected. The next pass allocates again
     * what it needs, as the first one did.
     */
    void trimMemory();

    /** Makes {@link MemoryUse#peak} start again from the bytes that are held now. */
    void resetPeakMemory();

    /** Waits until all work is done. */
    void synchronize();

    /**
     * Returns all memory. A second call does nothing.
     *
     * @throws IllegalStateException if a tensor or an operation is still open, naming its scope; the device then stays open
     */
    @Override
    void close();
}

package org.codanet.run;

import org.codanet.data.batch.RawImages;
import org.codanet.model.Network;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;

/**
 * One kind of pass of a network: its inputs, its results and its operations. Definitions are values. Equal definitions describe the same
 * pass, so that {@link PassCache} finds a captured pass again. {@code toString} returns the name of the pass in messages.
 *
 * <pre>
 *   images, inputs --upload--> tensors --operations--> results --download--> arrays on the heap
 * </pre>
 *
 * <p>Nothing between upload and download waits for the host, so all of it can be captured in one graph.
 */
public interface PassDefinition {
    /** How the images are stored, and how many there are. */
    RawImages.Form images();

    /** The same pass for another number of images. */
    PassDefinition withImages(int count);

    /** What has to be derived from the weights before the pass. */
    Purpose purpose();

    /** The inputs of the pass other than the images. */
    BufferLayout inputs(Network net);

    /** The results of the pass. */
    BufferLayout results(Network net);

    /**
     * Creates the operations that the pass needs in addition to those of the network.
     *
     * @param scope owner of the operations
     */
    Body open(Network net, Scope scope);

    /** The operations of a pass, from the network's input to the results. */
    @FunctionalInterface
    interface Body {
        /**
         * Runs the operations. It is called for an eager run and for a capture, so it must obey the rules of {@code Device.capture}.
         *
         * @param input the network's input, (N, H, W, C)
         * @param inputs in the layout of {@link PassDefinition#inputs}
         * @param results in the layout of {@link PassDefinition#results}; all of them are overwritten
         * @param scope for tensors that are not needed after the pass
         */
        void run(Tensor input, DeviceBuffers inputs, DeviceBuffers results, Scope scope);
    }
}

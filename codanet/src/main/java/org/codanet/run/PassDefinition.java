package org.codanet.run;

import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Tensor;

/**
 * One kind of pass of a network: what it reads, what it gives, and its operations. A value: equal definitions stand for the same pass, so
 * that a captured pass can be found again ({@link PassCache}). The text of a definition is the name of its pass in messages.
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

    /** What the pass reads beside the images. */
    BufferLayout inputs(CodaNet net);

    /** What the pass gives. */
    BufferLayout results(CodaNet net);

    /**
     * Creates the operations that the pass needs beside those of the network.
     *
     * @param scope owner of the operations
     */
    Body open(CodaNet net, Scope scope);

    /** The operations of a pass, from the network's input to the results. */
    @FunctionalInterface
    interface Body {
        /**
         * Runs the operations; called for an eager run and for a capture, so it obeys the rules of {@code Device.capture}.
         *
         * @param input the network's input, (N, H, W, C)
         * @param inputs as the definition's layout says
         * @param results as the definition's layout says; all of them are overwritten
         * @param scope for tensors that are not needed after the pass
         */
        void run(Tensor input, DeviceBuffers inputs, DeviceBuffers results, Scope scope);
    }
}

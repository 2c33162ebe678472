package org.codanet.attribution;

import java.util.List;
import org.codanet.data.batch.RawImages;

/**
 * The operations of a network that attribution methods need. Images are (N, C, H, W); targets are N lists of T classes. Calls are
 * serialised on the device, and batches are split to fit its memory.
 */
public interface AttributedNetwork {
    /** {@return the number of classes, K} */
    int classes();

    /** {@return C of the images that it reads, without inverse channels} */
    int imageChannels();

    /** {@return whether there are ReLUs between its layers; without ReLUs the rules of GuidedBackprop and DeepLIFT change nothing} */
    boolean hasRectifiers();

    /** {@return the logits (N, K)} */
    float[] logits(RawImages.Floats images);

    /** {@return the network's input for images, (N, C', H, W), with inverse channels if the network has them} */
    float[] input(RawImages.Floats images);

    /** {@return the logits (N, K) for inputs (N, C', H, W) in the form of {@link #input}; they need not belong to an image} */
    float[] logitsOfInput(RawImages.Floats inputs);

    /** {@return the probabilities (N, K) of logits, as the network was trained: sigmoid or softmax} */
    float[] probabilities(float[] logits);

    /**
     * The gradients of logits with respect to the images, through everything that depends on them; in a CoDA-Net also through the
     * dynamic weights.
     *
     * @return (N, T, C, H, W)
     */
    float[] gradients(RawImages.Floats images, List<List<Integer>> targets);

    /**
     * The gradients by GuidedBackprop's rule: each ReLU passes the positive part of the gradient where its input is positive. Without ReLUs
     * they are {@link #gradients}.
     *
     * @return (N, T, C, H, W)
     */
    default float[] guidedGradients(RawImages.Floats images, List<List<Integer>> targets) {
        return gradients(images, targets);
    }

    /**
     * DeepLIFT's multipliers by the Rescale rule: each ReLU passes the gradient times the change of its output over the change of its input.
     * Times the image minus the baseline, they add up to the change of the logit. Without ReLUs they are {@link #gradients}, and do not add
     * up unless the network is linear.
     *
     * @param baseline (C, H, W), the same for all images
     * @return (N, T, C, H, W)
     */
    default float[] multipliers(RawImages.Floats images, float[] baseline, List<List<Integer>> targets) {
        return gradients(images, targets);
    }

    /**
     * The network's own contributions.
     *
     * @return (N, T, C', H, W), C' being the channels of the network's input, inverse channels included
     * @throws IllegalArgumentException if the network has none
     */
    float[] contributions(RawImages.Floats images, List<List<Integer>> targets);

    /** {@return C', the channels of the network's input and of {@link #contributions}} */
    int inputChannels();

    /** The class activation maps of GradCAM at the last layer before the pooling, without its final ReLU. */
    ActivationMaps activationMaps(RawImages.Floats images, List<List<Integer>> targets);

    /**
     * Maps of a layer.
     *
     * @param values (N, T, h, w)
     * @param height h
     * @param width w
     */
    record ActivationMaps(float[] values, int height, int width) {}
}

package org.codanet.model;

import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Room on the device for images as files have them, and the way from there to a network's input. Uploading stands apart, so
 * that what follows can be recorded.
 */
public final class NetInput {
    private final CodaNet net;
    private final Tensor images;

    /**
     * Room for images of one shape.
     *
     * @param shape (N, C, H, W)
     * @param owner of the room
     * @throws IllegalArgumentException if the images have not the channels that the network reads
     */
    public NetInput(CodaNet net, Shape shape, Scope owner) {
        if (shape.rank() != 4 || shape.extent(1) != net.config().imageChannels()) {
            throw new IllegalArgumentException("network: images are " + shape + ", expected (N, "
                    + net.config().imageChannels() + ", H, W)");
        }
        this.net = net;
        this.images = net.device().allocate(owner, shape);
    }

    /** Brings images, values in [0, 1], to the device. */
    public void upload(float[] values) {
        net.device().upload(values, images);
    }

    /** The network's input (N, H, W, C) made of them, inverse channels appended where the config says so. */
    public Tensor write(Scope owner) {
        Shape shape = images.shape();
        Tensor input = net.device().allocate(owner, net.inputShape(shape.extent(0), shape.extent(2), shape.extent(3)));
        net.imageInput().forward(images, net.config().addInverse(), input);
        return input;
    }
}

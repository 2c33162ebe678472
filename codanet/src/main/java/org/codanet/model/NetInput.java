package org.codanet.model;

import org.codanet.data.batch.RawImages;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Tensors on the device for images of one form, and the conversion of the images to a network's input. The upload is a separate method,
 * because it cannot be part of a captured pass.
 */
public final class NetInput {
    private final Network net;
    private final RawImages.Form form;
    private final Tensor floats;
    private final ByteTensor bytes;
    private final Tensor windows;
    private final Tensor steps;

    /**
     * Allocates the tensors.
     *
     * @param form of all images that will be uploaded
     * @param owner of the tensors
     * @throws IllegalArgumentException if the images do not have the channels or the extents that the network reads
     */
    public NetInput(Network net, RawImages.Form form, Scope owner) {
        net.requireImages(form.shape());
        this.net = net;
        this.form = form;
        Device device = net.device();
        boolean inBytes = form.stored() != null;
        this.floats = inBytes ? null : device.allocate(owner, form.shape());
        this.bytes = inBytes ? device.allocateBytes(owner, form.stored()) : null;
        this.windows =
                form.placed() ? device.allocate(owner, Shape.of(form.shape().extent(0), 3)) : null;
        this.steps = form.steps() == 0
                ? null
                : device.allocate(owner, Shape.of(form.shape().extent(0), form.steps(), AugmentationOperation.NUMBERS));
    }

    /** Copies images to the device. @throws IllegalArgumentException if they have another form */
    public void upload(RawImages images) {
        if (!images.form().equals(form)) {
            throw new IllegalArgumentException(
                    "network: images " + images.form() + " where " + form + " were expected");
        }
        Device device = net.device();
        switch (images) {
            case RawImages.Floats values -> device.upload(values.values(), floats);
            case RawImages.Bytes values -> {
                device.upload(values.bytes(), bytes);
                if (windows != null) {
                    device.upload(values.windows(), windows);
                }
            }
        }
        if (steps != null) {
            device.upload(images.steps(), steps);
        }
    }

    /** Converts the uploaded images to the network's input (N, H, W, C): crops, augments, and appends inverse channels if configured. */
    public Tensor write(Scope owner) {
        Shape shape = form.shape();
        Tensor input = net.device().allocate(owner, net.inputShape(shape.extent(0), shape.extent(2), shape.extent(3)));
        boolean inverse = net.config().addInverse();
        if (bytes != null) {
            net.imageInput().forward(bytes, windows, inverse, input);
        } else {
            net.imageInput().forward(floats, inverse, input);
        }
        if (steps != null) {
            net.imageAugmentation().apply(steps, inverse, input);
        }
        return input;
    }
}

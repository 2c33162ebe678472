package org.codanet.nn.layer;

import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** Shapes of K targets of an activation. */
final class Targets {
    private Targets() {}

    /** (N, K, H, W, C) for an activation (N, H, W, C). */
    static Shape of(Shape activation, int count) {
        return Shape.of(activation.extent(0), count, activation.extent(1), activation.extent(2), activation.extent(3));
    }

    /**
     * Views targets (N, K, H, W, C) as N·K images.
     *
     * @param activation (N, H, W, C)
     * @param layer its name, for messages
     * @throws IllegalArgumentException if the targets have other extents
     */
    static Tensor asImages(Tensor targets, Shape activation, String layer, String role) {
        int count = targets.shape().rank() == 5 ? targets.shape().extent(1) : 1;
        targets.require(of(activation, count), layer, role);
        return targets.reshape(activation.withFirst(activation.extent(0) * count));
    }
}

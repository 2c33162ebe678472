package org.codanet.data.image;

/** The brightness of a colour by the weights of ITU-R BT.601, as PIL and torchvision have it. */
final class Grey {
    private Grey() {}

    /** {@return the brightness, at most 1 for colours in [0, 1]} */
    static float of(float red, float green, float blue) {
        return Math.min(1, 0.299f * red + 0.587f * green + 0.114f * blue);
    }
}

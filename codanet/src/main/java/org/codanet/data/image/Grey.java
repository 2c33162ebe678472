package org.codanet.data.image;

/** The brightness of a colour, with the weights of ITU-R BT.601, which PIL and torchvision also use. */
final class Grey {
    private Grey() {}

    /** {@return the brightness, at most 1 for colours in [0, 1]} */
    static float of(float red, float green, float blue) {
        return Math.min(1, 0.299f * red + 0.587f * green + 0.114f * blue);
    }
}

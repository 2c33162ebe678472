package org.codanet.data.transform;

import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;

/** Mirrors an image left to right, with probability one half. */
public record RandomFlip() implements Transform {
    @Override
    public Pixels apply(Pixels image, RandomGenerator random) {
        if (!place(Window.whole(image.height(), image.width()), random).mirrored()) {
            return image;
        }
        int width = image.width();
        float[] from = image.values();
        float[] to = new float[from.length];
        for (int row = 0; row < from.length; row += width) {
            for (int x = 0; x < width; x++) {
                to[row + x] = from[row + width - 1 - x];
            }
        }
        return new Pixels(image.channels(), image.height(), width, to);
    }

    @Override
    public boolean isPlacement() {
        return true;
    }

    @Override
    public Window place(Window of, RandomGenerator random) {
        return random.nextBoolean() ? of.mirror() : of;
    }
}

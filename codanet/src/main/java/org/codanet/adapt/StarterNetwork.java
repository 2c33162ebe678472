package org.codanet.adapt;

import java.io.IOException;
import java.util.Optional;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.LayerExtent;

/**
 * A small first network for a folder of images, similar to the experiment XS-CoDA-SQ-30. Layers of stride 2 reduce the image to about 8 x 8
 * positions. One more layer and a 1 x 1 layer with one unit for each class follow.
 */
public final class StarterNetwork {
    /** The largest side to which photos are resized by default. A CPU then trains on a few hundred photos in minutes. */
    private static final int DEFAULT_SIDE = 64;

    private static final int LEAST_SIDE = 8;
    private static final int LAST_SIDE = 8;
    private static final int MOST_HALVINGS = 5;
    private static final int UNITS = 64;
    private static final int RANK = 16;
    /**
     * The temperature of XS-CoDA-SQ-30 divided by its 8 x 8 positions. The logit is a sum over positions, so the temperature must be
     * proportional to their number.
     */
    private static final double TEMPERATURE_PER_POSITION = 30.0 / 64;

    private StarterNetwork() {}

    /**
     * {@return a network for these images, with their class names}
     *
     * @param images the training images
     * @param size to which images are resized and cropped. If it is empty, and the images are small and have a common size, that size is
     *     used. Otherwise a square is used, whose side is the median of their shorter sides, at most 64 pixels
     * @throws IOException if the images have no labels or only one class, or cannot be read
     */
    public static NetworkConfigFile of(ImageDataset images, Optional<ImageSize> size) throws IOException {
        int classes = images.classNames().size();
        if (classes < 2) {
            throw new FileFormatException(
                    images.name(),
                    "has " + (classes == 0 ? "no labels" : "one class")
                            + "; a classifier needs at least two classes, each in a folder of its own");
        }
        ImageSize extents = size.isPresent() ? size.get() : usual(images);
        if (extents.shorterSide() < LEAST_SIDE) {
            throw new IllegalArgumentException("image size: " + extents + " is too small for a network; use at least "
                    + LEAST_SIDE + " x " + LEAST_SIDE);
        }
        CodaNetConfig unscaled = layers(images.channels(), classes, extents).build();
        LayerExtent map = unscaled.extents(extents.height(), extents.width()).getLast();
        CodaNetConfig network = layers(images.channels(), classes, extents)
                .temperature(Math.max(1, Math.rint(TEMPERATURE_PER_POSITION * map.height() * map.width())))
                .labels(images.classNames())
                .build();
        return new NetworkConfigFile(network, Optional.of(extents));
    }

    private static ImageSize usual(ImageDataset images) throws IOException {
        SampledSizes sizes = SampledSizes.of(images);
        Optional<ImageSize> common = sizes.common().filter(one -> one.longerSide() <= DEFAULT_SIDE);
        int side = Math.clamp(sizes.medianShorterSide(), LEAST_SIDE, DEFAULT_SIDE);
        return common.filter(one -> one.shorterSide() >= LEAST_SIDE).orElse(new ImageSize(side, side));
    }

    private static CodaNetConfig.Builder layers(int channels, int classes, ImageSize size) {
        double ratio = (double) size.shorterSide() / LAST_SIDE;
        int halvings = Math.clamp(Math.round(Math.log(ratio) / Math.log(2)), 1, MOST_HALVINGS);
        CodaNetConfig.Builder builder = CodaNetConfig.builder(2 * channels);
        for (int i = 0; i < halvings; i++) {
            builder.layer(i == 0 ? UNITS / 2 : UNITS, RANK, 3, 2, 1);
        }
        // Without evidence, the sigmoid of this bias is 1 / classes.
        double logitBias = -Math.log(classes - 1.0);
        return builder.layer(UNITS, RANK, 3, 1, 1)
                .layer(classes, RANK, 1, 1, 0)
                .logitBias(logitBias == 0 ? 0 : logitBias);
    }
}

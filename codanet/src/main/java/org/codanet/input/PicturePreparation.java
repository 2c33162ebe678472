package org.codanet.input;

import java.util.random.RandomGenerator;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.CentreCrop;
import org.codanet.data.transform.Resize;
import org.codanet.model.Preprocessing;
import org.codanet.nn.tensor.Shape;

/**
 * Prepares pictures for a network: converts them to its channels, resizes the shorter side and crops the centre.
 *
 * <p>If the {@link Preprocessing} has no {@code resize}, a picture is resized so that it just covers the network's extents. A picture
 * that already has these extents is not resized.
 *
 * @param network the channels and extents that the network reads
 */
public record PicturePreparation(Preprocessing network) {
    /**
     * The picture with the channels and extents that the network reads.
     *
     * @param picture (C, H, W) of any extents, with 1 or 3 channels
     * @return (C, H, W) in [0, 1]; {@code picture} itself if nothing has to be changed
     */
    public Pixels prepare(Pixels picture) {
        Pixels converted = picture.withChannels(network.channels());
        if (converted.height() == network.height() && converted.width() == network.width()) {
            return converted;
        }
        // Both transforms are deterministic. Their interface requires a generator.
        RandomGenerator unused = RandomGenerator.getDefault();
        Pixels resized = new Resize(shorterSide(converted)).apply(converted, unused);
        return new CentreCrop(network.height(), network.width()).apply(resized, unused);
    }

    private int shorterSide(Pixels picture) {
        if (network.resize() > 0) {
            return network.resize();
        }
        double factor =
                Math.max((double) network.height() / picture.height(), (double) network.width() / picture.width());
        return (int) Math.ceil(factor * Math.min(picture.height(), picture.width()));
    }

    /** The shape (N, C, H, W) of {@code count} prepared pictures. */
    public Shape shape(int count) {
        return Shape.of(count, network.channels(), network.height(), network.width());
    }
}

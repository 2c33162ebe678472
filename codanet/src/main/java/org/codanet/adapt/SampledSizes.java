package org.codanet.adapt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;

/**
 * The extents of a sample of a dataset's images, evenly spread over the dataset, so that a large folder of photos does not have to be read
 * completely. An image that cannot be read is skipped here, and reported when training reads it.
 *
 * @param sizes of at least one image
 */
record SampledSizes(List<ImageSize> sizes) {
    private static final int MOST = 64;

    static SampledSizes of(ImageDataset images) throws IOException {
        List<ImageSize> sizes = new ArrayList<>();
        int count = Math.min(images.size(), MOST);
        FileFormatException unreadable = null;
        for (int i = 0; i < count; i++) {
            try {
                sizes.add(images.extents((int) ((long) i * images.size() / count)));
            } catch (FileFormatException e) {
                unreadable = e;
            }
        }
        if (sizes.isEmpty() && unreadable != null) {
            throw unreadable;
        }
        return new SampledSizes(List.copyOf(sizes));
    }

    /** {@return the common size of all images, if they have the same size} */
    Optional<ImageSize> common() {
        return sizes.stream().distinct().count() == 1 ? Optional.of(sizes.getFirst()) : Optional.empty();
    }

    /** {@return the median length of the shorter side} */
    int medianShorterSide() {
        return sizes.stream().map(ImageSize::shorterSide).sorted().toList().get(sizes.size() / 2);
    }

    /** {@return two sizes that differ, for a message, such as {@code 640 x 480 and 300 x 200}} */
    String examples() {
        List<ImageSize> distinct = sizes.stream().distinct().toList();
        return distinct.getFirst() + " and " + distinct.getLast();
    }
}

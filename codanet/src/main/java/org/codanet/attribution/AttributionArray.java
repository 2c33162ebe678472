package org.codanet.attribution;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.codanet.file.npy.NpyWriter;
import org.codanet.nn.tensor.Shape;

/**
 * Writes the maps of many images to one NumPy file as they are computed: (N, targets, H, W), or with channels (N, targets, C, H, W). {@link
 * #close} creates the file if all images were added; otherwise no file remains.
 */
public final class AttributionArray implements Closeable {
    private final Path file;
    private final int images;
    private final boolean channels;
    private NpyWriter writer;
    private int valuesPerImage;
    private int unreadableFirst;

    /**
     * Creates a writer. The first maps determine the number of targets and the extents, so the file is opened then.
     *
     * @param file to write or replace
     * @param images N, the total number of images
     * @param channels whether each channel is written; otherwise their sum
     */
    public AttributionArray(Path file, int images, boolean channels) {
        this.file = file;
        this.images = images;
        this.channels = channels;
    }

    /** Appends an image that could not be read. Its maps are NaN. */
    public void addUnreadable() throws IOException {
        if (writer == null) {
            unreadableFirst++;
        } else {
            writer.append(missing());
        }
    }

    private float[] missing() {
        float[] values = new float[valuesPerImage];
        Arrays.fill(values, Float.NaN);
        return values;
    }

    /** Appends the maps of some images. */
    public void add(Attribution attribution) throws IOException {
        Shape shape = attribution.shape();
        int targets = shape.extent(1);
        int height = shape.extent(3);
        int width = shape.extent(4);
        if (writer == null) {
            List<Integer> extents = channels
                    ? List.of(images, targets, shape.extent(2), height, width)
                    : List.of(images, targets, height, width);
            writer = NpyWriter.create(file, extents);
            valuesPerImage = targets * (channels ? shape.extent(2) : 1) * height * width;
            for (; unreadableFirst > 0; unreadableFirst--) {
                writer.append(missing());
            }
        }
        for (int n = 0; n < shape.extent(0); n++) {
            for (int t = 0; t < targets; t++) {
                writer.append(channels ? attribution.channels(n, t) : attribution.map(n, t));
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}

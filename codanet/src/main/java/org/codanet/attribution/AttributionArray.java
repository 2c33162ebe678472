package org.codanet.attribution;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.codanet.file.npy.RowWriter;
import org.codanet.nn.tensor.Shape;

/**
 * Writes the maps of many images to one NumPy file as they are computed: (N, targets, H, W), or with channels (N, targets, C, H, W). {@link
 * #close} creates the file if all images were added; otherwise no file remains.
 */
public final class AttributionArray implements Closeable {
    private final RowWriter rows;
    private final boolean channels;

    /**
     * Creates a writer. The first maps determine the number of targets and the extents, so the file is opened then.
     *
     * @param file to write or replace
     * @param images N, the total number of images
     * @param channels whether each channel is written; otherwise their sum
     */
    public AttributionArray(Path file, int images, boolean channels) {
        this.rows = new RowWriter(file, images);
        this.channels = channels;
    }

    /** Appends an image that could not be read. Its maps are NaN. */
    public void addUnreadable() throws IOException {
        rows.addMissing();
    }

    /** Appends the maps of some images. */
    public void add(Attribution attribution) throws IOException {
        Shape shape = attribution.shape();
        int targets = shape.extent(1);
        int height = shape.extent(3);
        int width = shape.extent(4);
        List<Integer> row =
                channels ? List.of(targets, shape.extent(2), height, width) : List.of(targets, height, width);
        int map = (channels ? shape.extent(2) : 1) * height * width;
        for (int n = 0; n < shape.extent(0); n++) {
            float[] values = new float[targets * map];
            for (int t = 0; t < targets; t++) {
                float[] ofTarget = channels ? attribution.channels(n, t) : attribution.map(n, t);
                System.arraycopy(ofTarget, 0, values, t * map, map);
            }
            rows.add(row, values);
        }
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }
}

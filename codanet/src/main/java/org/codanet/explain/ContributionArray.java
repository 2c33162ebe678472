package org.codanet.explain;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.codanet.file.npy.NpyWriter;

/**
 * Writes the contributions of many images to one NumPy file as they are computed: (N, targets, H, W), or with channels
 * (N, targets, C, H, W). {@link #close} creates the file if all images were added; otherwise no file remains.
 */
public final class ContributionArray implements Closeable {
    private final Path file;
    private final int images;
    private final Detail detail;
    private NpyWriter writer;
    private int valuesPerImage;
    private int unreadableFirst;

    /**
     * Creates a writer. The first explanation determines the number of targets and the extents, so the file is opened then.
     *
     * @param file to write or replace
     * @param images N, the total number of images
     * @param detail whether contributions per channel are written; every explanation must have been computed with it
     */
    public ContributionArray(Path file, int images, Detail detail) {
        this.file = file;
        this.images = images;
        this.detail = detail;
    }

    /** Appends an image that could not be read. Its contributions are NaN. */
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

    /** Appends all images of an explanation. */
    public void add(Explanation explanation) throws IOException {
        boolean channels = detail.perChannel();
        if (writer == null) {
            int t = explanation.targets();
            int h = explanation.height();
            int w = explanation.width();
            writer = NpyWriter.create(
                    file, channels ? List.of(images, t, explanation.channels(), h, w) : List.of(images, t, h, w));
        }
        if (valuesPerImage == 0) {
            valuesPerImage = explanation.targets()
                    * explanation.height()
                    * explanation.width()
                    * (channels ? explanation.channels() : 1);
            for (; unreadableFirst > 0; unreadableFirst--) {
                writer.append(missing());
            }
        }
        FloatBuffer values = channels ? explanation.channelContributions() : explanation.contributions();
        float[] floats = new float[values.remaining()];
        values.get(floats);
        writer.append(floats);
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}

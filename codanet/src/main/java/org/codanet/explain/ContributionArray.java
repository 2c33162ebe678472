package org.codanet.explain;

import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.codanet.file.npy.RowWriter;

/**
 * Writes the contributions of many images to one NumPy file as they are computed: (N, targets, H, W), or with channels
 * (N, targets, C, H, W). {@link #close} creates the file if all images were added; otherwise no file remains.
 */
public final class ContributionArray implements Closeable {
    private final RowWriter rows;
    private final Detail detail;

    /**
     * Creates a writer. The first explanation determines the number of targets and the extents, so the file is opened then.
     *
     * @param file to write or replace
     * @param images N, the total number of images
     * @param detail whether contributions per channel are written; every explanation must have been computed with it
     */
    public ContributionArray(Path file, int images, Detail detail) {
        this.rows = new RowWriter(file, images);
        this.detail = detail;
    }

    /** Appends an image that could not be read. Its contributions are NaN. */
    public void addUnreadable() throws IOException {
        rows.addMissing();
    }

    /** Appends all images of an explanation. */
    public void add(Explanation explanation) throws IOException {
        int t = explanation.targets();
        int h = explanation.height();
        int w = explanation.width();
        boolean channels = detail.perChannel();
        FloatBuffer values = channels ? explanation.channelContributions() : explanation.contributions();
        float[] floats = new float[values.remaining()];
        values.get(floats);
        rows.add(channels ? List.of(t, explanation.channels(), h, w) : List.of(t, h, w), floats);
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }
}

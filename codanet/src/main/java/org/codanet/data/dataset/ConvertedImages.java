package org.codanet.data.dataset;

import java.io.IOException;
import org.codanet.data.image.Pixels;

/** Grey images with three equal channels, or colour images in grey. */
final class ConvertedImages extends ForwardingImages {
    private final int channels;

    /** @param channels 1 or 3, other than those of the data */
    ConvertedImages(ImageDataset data, int channels) {
        super(data);
        this.channels = channels;
    }

    @Override
    public String description() {
        return data().description() + ", " + (channels == 1 ? "in grey" : "as three equal channels");
    }

    @Override
    public int channels() {
        return channels;
    }

    /** Only for three channels: grey computed from colours is rounded to floats, not to bytes. */
    @Override
    public boolean isInBytes() {
        return data().isInBytes() && channels == 3;
    }

    @Override
    public void copyBytes(int index, byte[] to, int at) {
        if (!isInBytes()) {
            throw new UnsupportedOperationException(name() + " is not held in bytes");
        }
        int plane = data().height() * data().width();
        data().copyBytes(index, to, at);
        System.arraycopy(to, at, to, at + plane, plane);
        System.arraycopy(to, at, to, at + 2 * plane, plane);
    }

    @Override
    public Pixels read(int index) throws IOException {
        return data().read(index).withChannels(channels);
    }
}

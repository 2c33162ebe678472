package org.codanet.data.dataset;

import java.io.IOException;
import org.codanet.data.image.Pixels;

/** Grey images converted to three equal channels, or colour images converted to grey. */
final class ConvertedImages extends ForwardingImages {
    private final int channels;

    /** @param channels 1 or 3, different from the number of channels of the data */
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

    /** True for three channels only. Grey that is computed from colours is a float and in general not a byte divided by 255. */
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

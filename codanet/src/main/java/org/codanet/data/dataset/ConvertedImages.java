package org.codanet.data.dataset;

import java.io.IOException;
import java.util.List;
import org.codanet.data.image.Pixels;

/**
 * Grey images as colours, or colours as grey.
 *
 * @param data what is converted
 * @param channels 1 or 3
 */
record ConvertedImages(ImageDataset data, int channels) implements ImageDataset {
    @Override
    public String name() {
        return data.name();
    }

    @Override
    public String description() {
        return data.description() + ", " + (channels == 1 ? "in grey" : "as three equal channels");
    }

    @Override
    public int size() {
        return data.size();
    }

    @Override
    public int height() {
        return data.height();
    }

    @Override
    public int width() {
        return data.width();
    }

    @Override
    public List<String> classNames() {
        return data.classNames();
    }

    @Override
    public int label(int index) {
        return data.label(index);
    }

    @Override
    public String imageName(int index) {
        return data.imageName(index);
    }

    /** Grey as colours alone: the grey of colours is rounded otherwise than bytes are. */
    @Override
    public boolean isInBytes() {
        return data.isInBytes() && channels == 3;
    }

    @Override
    public void copyBytes(int index, byte[] to, int at) {
        if (!isInBytes()) {
            ImageDataset.super.copyBytes(index, to, at);
        }
        int plane = data.height() * data.width();
        data.copyBytes(index, to, at);
        System.arraycopy(to, at, to, at + plane, plane);
        System.arraycopy(to, at, to, at + 2 * plane, plane);
    }

    @Override
    public Pixels read(int index) throws IOException {
        return data.read(index).withChannels(channels);
    }
}

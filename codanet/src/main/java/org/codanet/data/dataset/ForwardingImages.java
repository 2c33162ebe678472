package org.codanet.data.dataset;

import java.io.IOException;
import java.util.List;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;

/** A view of a data set that forwards to it. Subclasses override the methods that differ. */
abstract class ForwardingImages implements ImageDataset {
    private final ImageDataset data;

    ForwardingImages(ImageDataset data) {
        this.data = data;
    }

    final ImageDataset data() {
        return data;
    }

    @Override
    public String name() {
        return data.name();
    }

    @Override
    public String description() {
        return data.description();
    }

    @Override
    public int size() {
        return data.size();
    }

    @Override
    public int channels() {
        return data.channels();
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
    public ClassNaming naming() {
        return data.naming();
    }

    @Override
    public List<String> remarks() {
        return data.remarks();
    }

    @Override
    public int label(int index) {
        return data.label(index);
    }

    @Override
    public String imageName(int index) {
        return data.imageName(index);
    }

    @Override
    public ImageSize extents(int index) throws IOException {
        return data.extents(index);
    }

    @Override
    public Pixels read(int index) throws IOException {
        return data.read(index);
    }

    @Override
    public boolean isInBytes() {
        return data.isInBytes();
    }

    @Override
    public void copyBytes(int index, byte[] to, int at) {
        data.copyBytes(index, to, at);
    }
}

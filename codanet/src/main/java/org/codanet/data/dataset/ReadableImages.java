package org.codanet.data.dataset;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;

/** The images of a dataset without those that cannot be read. The others keep their order. */
public final class ReadableImages extends ForwardingImages {
    private final int[] indices;

    private ReadableImages(ImageDataset data, int[] indices) {
        super(data);
        this.indices = indices;
    }

    /**
     * Reads every picture once, on all processors. A dataset that does not consist of picture files is returned unchanged, because
     * its images come from a file that has already been read.
     *
     * @param unreadable receives the failure of each image that is skipped, in the order of the dataset; its message begins with the
     *     name of the file
     * @throws IOException if no image can be read
     */
    public static ImageDataset of(ImageDataset data, Consumer<IOException> unreadable) throws IOException {
        boolean pictures = data.height() == 0;
        if (!pictures) {
            return data;
        }
        AtomicReferenceArray<IOException> failures = new AtomicReferenceArray<>(data.size());
        IntStream.range(0, data.size()).parallel().forEach(i -> {
            try {
                data.read(i);
            } catch (IOException e) {
                failures.set(i, e);
            }
        });
        int[] readable = IntStream.range(0, data.size())
                .filter(i -> failures.get(i) == null)
                .toArray();
        if (readable.length == 0) {
            throw failures.get(0);
        }
        for (int i = 0; i < data.size(); i++) {
            if (failures.get(i) != null) {
                unreadable.accept(failures.get(i));
            }
        }
        return readable.length == data.size() ? data : new ReadableImages(data, readable);
    }

    @Override
    public String description() {
        return String.format(
                Locale.ROOT, "%s, without %,d that cannot be read", super.description(), super.size() - indices.length);
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public int label(int index) {
        return super.label(indices[index]);
    }

    @Override
    public String imageName(int index) {
        return super.imageName(indices[index]);
    }

    @Override
    public ImageSize extents(int index) throws IOException {
        return super.extents(indices[index]);
    }

    @Override
    public Pixels read(int index) throws IOException {
        return super.read(indices[index]);
    }

    @Override
    public void copyBytes(int index, byte[] to, int at) {
        super.copyBytes(indices[index], to, at);
    }
}

package org.codanet.data.dataset;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;

/** The images of a dataset without those that cannot be read. The others keep their order. */
public final class ReadableImages implements ImageDataset {
    private final ImageDataset data;
    private final int[] indices;

    private ReadableImages(ImageDataset data, int[] indices) {
        this.data = data;
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
    public String name() {
        return data.name();
    }

    @Override
    public String description() {
        return String.format(
                Locale.ROOT, "%s, without %,d that cannot be read", data.description(), data.size() - indices.length);
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
    public int size() {
        return indices.length;
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
    public int label(int index) {
        return data.label(indices[index]);
    }

    @Override
    public String imageName(int index) {
        return data.imageName(indices[index]);
    }

    @Override
    public ImageSize extents(int index) throws IOException {
        return data.extents(indices[index]);
    }

    @Override
    public Pixels read(int index) throws IOException {
        return data.read(indices[index]);
    }
}

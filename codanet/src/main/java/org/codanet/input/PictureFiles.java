package org.codanet.input;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.codanet.data.decode.Images;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.CentreCrop;
import org.codanet.data.transform.Resize;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.tensor.Shape;

/** Picture files, resized and cropped to the extents that the network was trained on. */
final class PictureFiles extends ImageInput {
    private final List<Path> files;
    private final Preprocessing images;
    private int done;

    PictureFiles(List<Path> files, ModelFile model) throws IOException {
        this.files = List.copyOf(files);
        Optional<Preprocessing> known = model.preprocessing();
        if (known.isPresent()) {
            images = known.get();
            model.config().extents(images.height(), images.width());
        } else {
            Pixels first = Images.read(files.getFirst());
            images = new Preprocessing(model.config().imageChannels(), first.height(), first.width(), 0);
            requireExtents(files.getFirst(), model.config(), images.height(), images.width());
        }
    }

    @Override
    public int count() {
        return files.size();
    }

    @Override
    public ImageChunk next(int limit) throws IOException {
        List<Path> some = files.subList(done, Math.min(files.size(), done + limit));
        int stride = images.channels() * images.height() * images.width();
        float[] values = new float[some.size() * stride];
        for (int n = 0; n < some.size(); n++) {
            Pixels picture = fitted(Images.read(some.get(n), images.channels()));
            System.arraycopy(picture.values(), 0, values, n * stride, stride);
        }
        done += some.size();
        Shape shape = Shape.of(some.size(), images.channels(), images.height(), images.width());
        return new ImageChunk(values, shape, some.stream().map(Path::toString).toList());
    }

    /** The picture with its shorter side resized and its centre cut out. A picture of the right extents is returned unchanged. */
    private Pixels fitted(Pixels picture) {
        int height = images.height();
        int width = images.width();
        if (picture.height() == height && picture.width() == width) {
            return picture;
        }
        double factor = images.resize() > 0
                ? 0
                : Math.max((double) height / picture.height(), (double) width / picture.width());
        int shorter = images.resize() > 0
                ? images.resize()
                : (int) Math.ceil(factor * Math.min(picture.height(), picture.width()));
        // Both transforms are deterministic. The interface requires a generator.
        RandomGenerator unused = RandomGenerator.getDefault();
        return new CentreCrop(height, width).apply(new Resize(shorter).apply(picture, unused), unused);
    }
}

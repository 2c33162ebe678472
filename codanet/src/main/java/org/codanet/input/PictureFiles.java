package org.codanet.input;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.data.decode.Images;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileName;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;

/**
 * Picture files, prepared for a network. If the model file does not record the extents of its training images, all pictures get
 * the extents of the first one.
 */
final class PictureFiles extends ImageInput {
    private final List<Path> files;
    private final PicturePreparation preparation;
    private int done;

    PictureFiles(List<Path> files, ModelFile model) throws IOException {
        this.files = List.copyOf(files);
        Optional<Preprocessing> known = model.preprocessing();
        if (known.isPresent()) {
            preparation = new PicturePreparation(known.get());
            model.config().extents(known.get().height(), known.get().width());
        } else {
            Pixels first = Images.read(files.getFirst());
            requireExtents(files.getFirst(), model.config(), first.height(), first.width());
            preparation = new PicturePreparation(
                    new Preprocessing(model.config().imageChannels(), first.height(), first.width(), 0));
        }
    }

    @Override
    public int count() {
        return files.size();
    }

    @Override
    public ImageChunk next(int limit) throws IOException {
        List<Path> some = files.subList(done, Math.min(files.size(), done + limit));
        List<Pixels> prepared = new ArrayList<>();
        for (Path file : some) {
            prepared.add(preparation.prepare(Images.read(file)));
        }
        done += some.size();
        return ImageChunk.of(prepared, some.stream().map(FileName::text).toList());
    }
}

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
            model.config().requireExtents(known.get().height(), known.get().width());
        } else {
            Pixels first = firstReadable(files);
            requireExtents(files.getFirst(), model.config(), first.height(), first.width());
            preparation = new PicturePreparation(
                    new Preprocessing(model.config().imageChannels(), first.height(), first.width(), 0));
        }
    }

    @Override
    public int count() {
        return files.size();
    }

    /** The first picture that can be read. @throws IOException the failure of the first file, if there is none */
    private static Pixels firstReadable(List<Path> files) throws IOException {
        IOException failure = null;
        for (Path file : files) {
            try {
                return Images.read(file);
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        throw failure;
    }

    @Override
    public int remaining() {
        return files.size() - done;
    }

    @Override
    public ImageChunk next(int limit) throws IOException {
        return nextReadable(limit, (name, failure) -> {
                    throw failure;
                })
                .orElseThrow();
    }

    @Override
    public Optional<ImageChunk> nextReadable(int limit, Unreadable unreadable) throws IOException {
        List<Pixels> prepared = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (; done < files.size() && prepared.size() < limit; done++) {
            Path file = files.get(done);
            Pixels picture;
            try {
                picture = Images.read(file);
            } catch (IOException e) {
                if (!prepared.isEmpty()) {
                    break;
                }
                unreadable.accept(FileName.text(file), e);
                continue;
            }
            prepared.add(preparation.prepare(picture));
            names.add(FileName.text(file));
        }
        return prepared.isEmpty() ? Optional.empty() : Optional.of(ImageChunk.of(prepared, names));
    }
}

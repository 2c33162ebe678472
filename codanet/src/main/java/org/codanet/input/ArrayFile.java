package org.codanet.input;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.InputFile;
import org.codanet.file.npy.NpyReader;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.nn.tensor.Shape;

/** The images of a NumPy array (N, C, H, W) of floats in [0, 1], or of bytes, which are divided by 255. They are not resized. */
final class ArrayFile extends ImageInput {
    private final Path file;
    private final NpyReader reader;
    private final Shape image;
    private int done;

    ArrayFile(Path file, ModelFile model) throws IOException {
        this.file = file;
        this.reader = NpyReader.open(InputFile.require(file));
        try {
            this.image = checked(reader.shape(), model);
            if (!reader.type().isFloating() && reader.type() != ElementType.U8) {
                throw new FileFormatException(
                        file.toString(), "holds " + reader.type() + "; images are float32 in [0, 1] or uint8");
            }
        } catch (RuntimeException | IOException e) {
            reader.close();
            throw e;
        }
    }

    private Shape checked(List<Integer> shape, ModelFile model) throws IOException {
        NetworkConfig config = model.config();
        if (shape.size() != 4 || shape.get(1) != config.imageChannels()) {
            throw new FileFormatException(
                    file.toString(),
                    "has shape " + shape + ", the network reads (N, " + config.imageChannels() + ", H, W)");
        }
        if (shape.contains(0)) {
            throw new FileFormatException(file.toString(), "holds no image: its shape is " + shape);
        }
        requireExtents(file, config, shape.get(2), shape.get(3));
        Optional<Preprocessing> known = model.preprocessing();
        if (known.isPresent()
                && (shape.get(2) != known.get().height()
                        || shape.get(3) != known.get().width())) {
            throw new FileFormatException(
                    file.toString(),
                    "has shape " + shape + ", but the network was trained on (N, " + config.imageChannels() + ", "
                            + known.get().height() + ", " + known.get().width()
                            + "); arrays are not resized, but picture files are");
        }
        return Shape.of(1, shape.get(1), shape.get(2), shape.get(3));
    }

    @Override
    public int count() {
        return reader.rows();
    }

    @Override
    public ImageChunk next(int limit) throws IOException {
        int rows = Math.min(limit, reader.remaining());
        float[] values = reader.read(rows).toFloats();
        int stride = values.length / rows;
        for (int i = 0; i < values.length; i++) {
            if (reader.type() == ElementType.U8) {
                values[i] /= 255;
            }
            // A NaN fails both comparisons.
            if (!(values[i] >= 0 && values[i] <= 1)) {
                throw new FileFormatException(
                        file.toString(),
                        "image " + (done + i / stride) + " holds the value " + values[i]
                                + "; values must be numbers from 0 to 1");
            }
        }
        List<String> names = IntStream.range(done, done + rows)
                .mapToObj(n -> String.format(Locale.ROOT, "image %d", n))
                .toList();
        done += rows;
        return new ImageChunk(values, image.withFirst(rows), names);
    }

    @Override
    public int remaining() {
        return reader.remaining();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}

package org.codanet.cli.option;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.codanet.data.batch.ImageBatch;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.npy.NpyReader;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.nn.tensor.Shape;

/** Images for a network, some at a time: from picture files, or from an array. */
public abstract class Inputs implements Closeable {
    private static final Set<String> PICTURES = Set.of("png", "jpg", "jpeg", "gif", "bmp");

    /**
     * Images as the network takes them.
     *
     * @param values (N, C, H, W) in [0, 1]
     * @param shape of the values
     * @param names one an image
     */
    public record Chunk(float[] values, Shape shape, List<String> names) {
        public int count() {
            return shape.extent(0);
        }

        public ImageBatch batch() {
            return ImageBatch.of(values, shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3));
        }
    }

    /** Images in all. */
    public abstract int count();

    /** The next images, at most so many; none is left after {@link #count}. */
    public abstract Chunk next(int most) throws IOException;

    @Override
    public void close() throws IOException {}

    /**
     * Opens pictures, folders of pictures, or one array.
     *
     * @throws FileFormatException if they do not fit the network
     * @throws IllegalArgumentException if arrays and pictures are mixed
     */
    static Inputs open(List<Path> paths, ModelFile model) throws IOException {
        boolean array = paths.stream().anyMatch(p -> suffix(p).equals("npy"));
        if (array && paths.size() > 1) {
            throw new IllegalArgumentException(
                    "an array X.npy is read alone, but " + paths.size() + " inputs are named");
        }
        return array ? new ArrayInputs(paths.getFirst(), model.config()) : new PictureInputs(pictures(paths), model);
    }

    private static List<Path> pictures(List<Path> paths) throws IOException {
        List<Path> pictures = new ArrayList<>();
        for (Path path : paths) {
            if (!Files.isDirectory(path)) {
                pictures.add(path);
                continue;
            }
            int before = pictures.size();
            try (Stream<Path> entries = Files.list(path)) {
                entries.filter(p -> PICTURES.contains(suffix(p))).sorted().forEach(pictures::add);
            }
            if (pictures.size() == before) {
                throw new FileFormatException(path.toString(), "the folder holds no PNG, JPEG, GIF or BMP image");
            }
        }
        return pictures;
    }

    /** Refuses images that are too small for a network. */
    static void requireExtents(Path file, CodaNetConfig config, int height, int width) throws FileFormatException {
        try {
            config.extents(height, width);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }

    private static String suffix(Path path) {
        String name = path.getFileName() == null ? "" : path.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    /** Rows of an array file. */
    private static final class ArrayInputs extends Inputs {
        private final Path file;
        private final NpyReader reader;
        private final Shape image;
        private int done;

        ArrayInputs(Path file, CodaNetConfig config) throws IOException {
            this.file = file;
            this.reader = NpyReader.open(ModelOption.requireFile(file));
            try {
                this.image = checked(reader.shape(), config);
                if (!reader.type().isFloating() && reader.type() != ElementType.U8) {
                    throw new FileFormatException(
                            file.toString(), "holds " + reader.type() + "; images are float32 in [0, 1] or uint8");
                }
            } catch (RuntimeException | IOException e) {
                reader.close();
                throw e;
            }
        }

        private Shape checked(List<Integer> shape, CodaNetConfig config) throws IOException {
            if (shape.size() != 4 || shape.get(1) != config.imageChannels()) {
                throw new FileFormatException(
                        file.toString(),
                        "has shape " + shape + ", the network reads (N, " + config.imageChannels() + ", H, W)");
            }
            if (shape.contains(0)) {
                throw new FileFormatException(file.toString(), "holds no image: its shape is " + shape);
            }
            requireExtents(file, config, shape.get(2), shape.get(3));
            return Shape.of(1, shape.get(1), shape.get(2), shape.get(3));
        }

        @Override
        public int count() {
            return reader.rows();
        }

        @Override
        public Chunk next(int most) throws IOException {
            int rows = Math.min(most, reader.remaining());
            float[] values = reader.read(rows).toFloats();
            int stride = values.length / rows;
            for (int i = 0; i < values.length; i++) {
                if (reader.type() == ElementType.U8) {
                    values[i] /= 255;
                }
                // NaN compares false both ways.
                if (!(values[i] >= 0 && values[i] <= 1)) {
                    throw new FileFormatException(
                            file.toString(),
                            "image " + (done + i / stride) + " holds the value " + values[i]
                                    + "; values must be numbers from 0 to 1");
                }
            }
            List<String> names = new ArrayList<>();
            for (int n = 0; n < rows; n++) {
                names.add(String.format(Locale.ROOT, "image %d", done + n));
            }
            done += rows;
            return new Chunk(values, image.withFirst(rows), names);
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }
}

package org.codanet.input;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.codanet.file.FileFormatException;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;

/** Images for a network, read in chunks from picture files or from an array. Must be closed. */
public abstract class ImageInput implements Closeable {
    private static final Set<String> PICTURE_SUFFIXES = Set.of("png", "jpg", "jpeg", "gif", "bmp");

    ImageInput() {}

    /**
     * Opens picture files, folders of pictures, or one array {@code X.npy} of shape (N, C, H, W).
     *
     * @param model the network that will read the images
     * @throws FileFormatException if an array does not have the shape that the network reads, a picture is too small, or a folder
     *     holds no picture
     * @throws IllegalArgumentException if an array is named together with other inputs
     */
    public static ImageInput open(List<Path> paths, ModelFile model) throws IOException {
        boolean array = paths.stream().anyMatch(p -> suffix(p).equals("npy"));
        if (array && paths.size() > 1) {
            throw new IllegalArgumentException(
                    "an array X.npy must be the only input, but " + paths.size() + " inputs are named");
        }
        return array ? new ArrayFile(paths.getFirst(), model) : new PictureFiles(pictures(paths), model);
    }

    /** The total number of images. */
    public abstract int count();

    /** Reads the next images, at most {@code limit}. Must not be called after the last image was read. */
    public abstract ImageChunk next(int limit) throws IOException;

    /** The number of images that were not read yet. */
    public abstract int remaining();

    /** Receives the pictures that cannot be read. */
    @FunctionalInterface
    public interface Unreadable {
        /**
         * Accepts one picture.
         *
         * @param name of the picture, as in {@link ImageChunk#names}
         * @param failure with a message that begins with the file's name
         * @throws IOException to stop reading, for example {@code failure} itself
         */
        void accept(String name, IOException failure) throws IOException;
    }

    /**
     * Reads the next images, at most {@code limit}, and leaves out pictures that cannot be read. The images of a chunk are
     * consecutive: a chunk ends before such a picture. Must not be called after the last image was read.
     *
     * @param unreadable receives, in order, the pictures that are left out before the first image of the chunk
     * @return the images; empty if none is left that can be read
     */
    public Optional<ImageChunk> nextReadable(int limit, Unreadable unreadable) throws IOException {
        return Optional.of(next(limit));
    }

    @Override
    public void close() throws IOException {}

    private static List<Path> pictures(List<Path> paths) throws IOException {
        List<Path> pictures = new ArrayList<>();
        for (Path path : paths) {
            if (!Files.isDirectory(path)) {
                pictures.add(path);
                continue;
            }
            int before = pictures.size();
            try (Stream<Path> entries = Files.list(path)) {
                entries.filter(p -> PICTURE_SUFFIXES.contains(suffix(p)))
                        .sorted()
                        .forEach(pictures::add);
            }
            if (pictures.size() == before) {
                throw new FileFormatException(path.toString(), "the folder holds no PNG, JPEG, GIF or BMP image");
            }
        }
        return pictures;
    }

    /** Throws if images of these extents are too small for a network. */
    static void requireExtents(Path file, NetworkConfig config, int height, int width) throws FileFormatException {
        try {
            config.requireExtents(height, width);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), e.getMessage(), e);
        }
    }

    private static String suffix(Path path) {
        String name = path.getFileName() == null ? "" : path.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}

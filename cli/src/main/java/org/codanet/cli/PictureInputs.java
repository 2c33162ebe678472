package org.codanet.cli;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.codanet.file.FileFormatException;
import org.codanet.model.ImageBatch;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.tensor.Shape;

/** Picture files, brought to the extents that the network was trained on. */
final class PictureInputs extends Inputs {
    private final List<Path> files;
    private final Preprocessing images;
    private int done;

    PictureInputs(List<Path> files, ModelFile model) throws IOException {
        this.files = List.copyOf(files);
        Optional<Preprocessing> stated = model.preprocessing();
        if (stated.isPresent()) {
            images = stated.get();
        } else {
            BufferedImage first = read(files.getFirst());
            images = new Preprocessing(model.config().imageChannels(), first.getHeight(), first.getWidth(), 0);
        }
        model.config().extents(images.height(), images.width());
    }

    @Override
    int count() {
        return files.size();
    }

    @Override
    Chunk next(int most) throws IOException {
        List<Path> some = files.subList(done, Math.min(files.size(), done + most));
        List<BufferedImage> pictures = new ArrayList<>();
        for (Path file : some) {
            pictures.add(fitted(read(file)));
        }
        done += some.size();
        ImageBatch batch = ImageBatch.of(pictures, images.channels());
        Shape shape = batch.shape();
        return new Chunk(
                batch.values(0, some.size()),
                shape,
                some.stream().map(Path::toString).toList());
    }

    private static BufferedImage read(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        BufferedImage picture;
        try {
            picture = ImageIO.read(ModelOption.requireFile(file).toFile());
        } catch (IOException | RuntimeException e) {
            throw new FileFormatException(file.toString(), "is no readable image: " + e.getMessage(), e);
        }
        if (picture == null) {
            throw new FileFormatException(file.toString(), "is no PNG, JPEG, GIF or BMP image");
        }
        return picture;
    }

    /** The shorter side resized, the centre cut out; an image of the right extents stays as it is. */
    private BufferedImage fitted(BufferedImage picture) {
        int height = images.height();
        int width = images.width();
        if (picture.getHeight() == height && picture.getWidth() == width) {
            return picture;
        }
        double factor = images.resize() > 0
                ? (double) images.resize() / Math.min(picture.getHeight(), picture.getWidth())
                : Math.max((double) height / picture.getHeight(), (double) width / picture.getWidth());
        BufferedImage current = picture;
        // Halving first: one bilinear step over a large factor would skip most of the pixels.
        while (factor < 0.5) {
            current = scaled(current, (current.getWidth() + 1) / 2, (current.getHeight() + 1) / 2);
            factor *= 2;
        }
        BufferedImage resized =
                scaled(current, Math.max(width, (int) Math.round(current.getWidth() * factor)), Math.max(height, (int)
                        Math.round(current.getHeight() * factor)));
        return resized.getSubimage((resized.getWidth() - width) / 2, (resized.getHeight() - height) / 2, width, height);
    }

    private static BufferedImage scaled(BufferedImage picture, int width, int height) {
        BufferedImage result = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = result.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(picture, 0, 0, width, height, null);
        graphics.dispose();
        return result;
    }
}

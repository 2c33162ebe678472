package org.codanet.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.codanet.attribution.Attribution;
import org.codanet.explain.Explanation;
import org.codanet.file.FileName;
import org.codanet.file.OutputFolder;
import org.codanet.input.ImageChunk;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/**
 * A folder of explanations: one PNG per image and class, with input, map and overlay side by side, and a page with the first
 * images. Not thread-safe.
 */
public final class ExplanationFolder {
    /** A page with more images would be slow to open. The PNG files hold all images. */
    private static final int MAX_IMAGES_ON_PAGE = 60;

    /** Length limit of the image's and of the class's part of a file name. File systems allow 255 bytes for the whole name. */
    private static final int MAX_NAME_BYTES = 100;

    private static final String PAGE = "index.html";
    private static final int SIDE = 224;
    private static final int GAP = 8;

    private final Path folder;
    private final Network net;
    private final Optional<ColourRange> fixedRange;
    private final int images;
    private final List<ExplainedImage> page = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    /**
     * Creates the folder if it is missing.
     *
     * @param net the network whose logits are explained
     * @param fixedRange the contribution that full colour stands for in all pictures; if empty, each image has its own range
     * @param images the total number of images
     * @throws IOException if the folder cannot be created or written to, or holds an {@code index.html} that codanet did not write
     */
    public ExplanationFolder(Path folder, Network net, Optional<ColourRange> fixedRange, int images)
            throws IOException {
        this.folder = folder;
        this.net = net;
        this.fixedRange = fixedRange;
        this.images = images;
        OutputFolder.create(folder);
        ExplanationPage.requireReplaceable(folder.resolve(PAGE));
    }

    /** Writes the pictures of some images, and stores the first images for the page. */
    public void add(ImageChunk chunk, Explanation explanation) throws IOException {
        for (int n = 0; n < chunk.count(); n++) {
            ExplainedImage image = PageImages.of(net.config(), net.loss(), chunk, explanation, n, OptionalInt.empty());
            if (page.size() < MAX_IMAGES_ON_PAGE) {
                page.add(image);
            }
            ColourRange range = ImageCard.range(image, fixedRange);
            for (ExplainedClass explained : image.explained()) {
                String file = unique(stem(image.name()) + "-" + stem(explained.name())) + ".png";
                Picture.writePng(row(image.input(), explained.map(), range), FileName.resolve(folder, file));
            }
        }
    }

    /**
     * Writes the pictures of the maps that another method computed for some images. The page does not show them.
     *
     * @param method part of the names of the files
     * @param targets the classes of the maps, one list for each image
     */
    public void add(ImageChunk chunk, String method, Attribution attribution, List<List<Integer>> targets)
            throws IOException {
        int height = chunk.shape().extent(2);
        int width = chunk.shape().extent(3);
        int channels = chunk.shape().extent(1);
        for (int n = 0; n < chunk.count(); n++) {
            BufferedImage input =
                    Picture.ofPlanes(chunk.values(), n * channels * height * width, channels, height, width);
            for (int t = 0; t < targets.get(n).size(); t++) {
                SignedMap map = SignedMap.of(height, width, attribution.map(n, t));
                String label = net.config().label(targets.get(n).get(t));
                String file = unique(stem(chunk.names().get(n)) + "-" + method + "-" + stem(label)) + ".png";
                ColourRange range = fixedRange.orElseGet(() -> ColourRange.of(map));
                Picture.writePng(row(input, map, range), FileName.resolve(folder, file));
            }
        }
    }

    /**
     * Writes a picture of another kind. The page does not show it.
     *
     * @param image name of the explained image
     * @param kind part of the name of the file, such as {@code strip}
     * @param target the explained class
     */
    public void addPicture(String image, String kind, int target, BufferedImage picture) throws IOException {
        String file = unique(stem(image) + "-" + kind + "-" + stem(net.config().label(target))) + ".png";
        Picture.writePng(picture, FileName.resolve(folder, file));
    }

    /** Input, map and overlay side by side, enlarged. */
    private static BufferedImage row(BufferedImage input, SignedMap map, ColourRange range) {
        int factor = Picture.factorFor(input, SIDE);
        return Picture.sideBySide(
                List.of(
                        Picture.enlarged(input, factor),
                        Picture.enlarged(ContributionPicture.colours(map, range), factor),
                        Picture.enlarged(ContributionPicture.overlay(map, range, input), factor)),
                GAP);
    }

    private static String stem(String name) {
        String file = name.replace('/', '_');
        int dot = file.lastIndexOf('.');
        String stem = (dot > 0 ? file.substring(0, dot) : file).replaceAll("[^\\p{L}\\p{N}_.-]+", "-");
        // The end of a long path identifies the file best, so the beginning is removed.
        while (stem.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            stem = stem.substring(stem.offsetByCodePoints(0, 1));
        }
        return stem;
    }

    private String unique(String name) {
        String candidate = name;
        for (int i = 2; !names.add(candidate.toLowerCase(Locale.ROOT)); i++) {
            candidate = name + "-" + i;
        }
        return candidate;
    }

    /**
     * Writes {@code index.html} with the first images. At least one image must have been added.
     *
     * @param model name of the model, for the page's head
     * @param file the model file with the scores of the model
     * @param program that creates the page, with its version
     * @param form whether style sheet and pictures are in the page or beside it
     */
    public void writePage(String model, ModelFile file, String program, PageForm form) throws IOException {
        String lead =
                "For each image, this page shows how much every pixel contributes to the scores of some classes. The contributions and"
                        + " a constant bias add up to the score exactly."
                        + (images > page.size()
                                ? " It shows the first " + page.size() + " of " + images + " images."
                                : "");
        ExplanationPage explanations = new ExplanationPage(
                "What the network looked at",
                lead,
                PageText.facts(model, file, net.device(), program),
                PageText.probabilities(net.loss()),
                Optional.empty(),
                fixedRange,
                page);
        explanations.write(folder.resolve(PAGE), form);
    }
}

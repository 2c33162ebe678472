package org.codanet.cli.command;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.codanet.cli.console.Version;
import org.codanet.cli.option.Inputs;
import org.codanet.cli.option.OutputFolder;
import org.codanet.explain.Explanation;
import org.codanet.file.AtomicFile;
import org.codanet.model.CodaNet;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.report.ExplainedImage;
import org.codanet.report.ExplanationPage;
import org.codanet.report.PageFact;

/** A folder of explanations: one PNG an image and class, and a page with the first images. */
final class PictureSink implements AutoCloseable {
    /** A page with more would be slow to open; the pictures are all there. */
    private static final int MOST_ON_PAGE = 60;

    /** Bytes of an image's or a class's name in a file's name, which may have 255 in all. */
    private static final int MOST_BYTES = 100;

    private static final int SIDE = 224;
    private static final int GAP = 8;

    private final Path folder;
    private final Optional<ColourRange> fixed;
    private final int images;
    private final List<ExplainedImage> page = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private LossKind loss;

    /** @param fixed what full colour stands for, null for each image's own range */
    PictureSink(Path folder, Float fixed, int images) throws IOException {
        this.folder = folder;
        this.fixed = Optional.ofNullable(fixed).map(ColourRange::new);
        this.images = images;
        OutputFolder.make(folder);
    }

    void add(CodaNet net, Inputs.Chunk chunk, Explanation explanation) throws IOException {
        loss = net.loss();
        for (int n = 0; n < chunk.count(); n++) {
            String name = chunk.names().get(n);
            ExplainedImage image = PageImages.of(
                    net.config(), net.loss(), name, chunk.values(), chunk.shape(), explanation, n, OptionalInt.empty());
            if (page.size() < MOST_ON_PAGE) {
                page.add(image);
            }
            ColourRange range = fixed.orElseGet(() -> ColourRange.ofPercentile(
                    image.explained().stream().map(c -> c.map()).toList(), ColourRange.ONE_IMAGE));
            for (var explained : image.explained()) {
                String file = unique(stem(name) + "-" + stem(explained.name())) + ".png";
                Picture.writePng(row(image.input(), explained.map(), range), folder.resolve(file));
            }
        }
    }

    /** Input, map and overlay side by side, large enough to look at. */
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
        String file = Path.of(name.replace('/', '_')).toString();
        int dot = file.lastIndexOf('.');
        String stem = (dot > 0 ? file.substring(0, dot) : file).replaceAll("[^\\p{L}\\p{N}_.-]+", "-");
        // Of a long path the end tells most.
        while (stem.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
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

    /** Writes {@code index.html}. */
    void writePage(String model, ModelFile file, Device device) throws IOException {
        List<PageFact> facts = new ArrayList<>();
        facts.add(new PageFact(
                "Model",
                model,
                String.format(
                        Locale.ROOT,
                        "%d layers, %,d weights",
                        file.config().depth(),
                        file.config().parameters())));
        file.scores().forEach((name, value) -> facts.add(PageFacts.score(name, value)));
        file.preprocessing()
                .ifPresent(p -> facts.add(new PageFact("Images", PageImages.extents(p), "what the network reads")));
        facts.add(PageFacts.device(device));
        facts.add(new PageFact("Made", LocalDate.now().toString(), "codanet " + Version.number()));
        String lead =
                "For each image, what speaks for the classes that the network ranks highest: exactly, pixel by pixel."
                        + (images > page.size() ? " The first " + page.size() + " of " + images + " images." : "");
        ExplanationPage html = new ExplanationPage(
                "What the network looked at", lead, facts, ClassRanking.meaning(loss), Optional.empty(), fixed, page);
        AtomicFile.replace(folder.resolve("index.html"), html.html().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {}
}

package org.codanet.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.codanet.file.AtomicFile;
import org.codanet.file.OutputFolder;
import org.codanet.markup.Html;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;

/**
 * An HTML page: images, the classes with the highest logits, the contributions to each of these logits, and an explanation of every
 * number and colour. The page has no script, loads nothing from other hosts, and follows the reader's light or dark setting. It
 * prints in light colours.
 *
 * @param title of the page
 * @param lead one or two sentences below the title
 * @param facts about model, data and run
 * @param probabilities one or two sentences: how probabilities follow from logits
 * @param curve of the training; empty if the page is not about a training run
 * @param range of the colours in all images; if empty, each image has its own range
 * @param images in the order of the page; at least one
 */
public record ExplanationPage(
        String title,
        String lead,
        List<PageFact> facts,
        String probabilities,
        Optional<TrainingCurve> curve,
        Optional<ColourRange> range,
        List<ExplainedImage> images) {
    /** The first line of every style sheet. */
    private static final String STYLE_MARK = "/* A page of codanet. */";

    public ExplanationPage {
        facts = List.copyOf(facts);
        images = List.copyOf(images);
        if (images.isEmpty()) {
            throw new IllegalArgumentException("page: no image to show");
        }
    }

    /** The text of the self-contained page. It is well-formed XML too. Files of it must be encoded in UTF-8. */
    public String html() {
        return html(new PageAssets.Embedded());
    }

    /**
     * Writes the page. {@link PageForm#EXTERNAL_ASSETS} also writes the folder {@code index-files} beside a page
     * {@code index.html}.
     *
     * @param file of the page, in a folder that exists
     * @throws IOException naming the file and the reason if a file cannot be written, or if the folder holds files of another
     *     program
     */
    public void write(Path file, PageForm form) throws IOException {
        if (form == PageForm.SELF_CONTAINED) {
            AtomicFile.replace(file, html().getBytes(StandardCharsets.UTF_8));
            return;
        }
        String name = file.getFileName().toString();
        // Only these characters need no escape in a URL.
        String folder = name.replaceFirst("\\.html?$", "").replaceAll("[^A-Za-z0-9_-]", "-") + "-files";
        PageAssets.External assets = new PageAssets.External(folder);
        String html = html(assets);
        Path files = file.resolveSibling(folder);
        OutputFolder.create(files);
        requireOwnAssets(files);
        // The page is written last, so that it never refers to a missing file.
        for (Map.Entry<String, byte[]> asset : assets.files().entrySet()) {
            AtomicFile.replace(files.resolve(asset.getKey()), asset.getValue());
        }
        AtomicFile.replace(file, html.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Refuses to replace a page that codanet did not write.
     *
     * @throws IOException naming the file
     */
    public static void requireReplaceable(Path file) throws IOException {
        if (Files.isRegularFile(file)
                && !Files.readString(file, StandardCharsets.ISO_8859_1).contains(PageFrame.MARK)) {
            throw new IOException(
                    file + " exists and is not a page of codanet; it is not replaced: choose another folder");
        }
    }

    /** Refuses a folder with files, unless its style sheet says that codanet wrote it. */
    private static void requireOwnAssets(Path folder) throws IOException {
        Path style = folder.resolve(PageAssets.External.STYLE);
        boolean own = Files.isRegularFile(style)
                && Files.readString(style, StandardCharsets.ISO_8859_1).startsWith(STYLE_MARK);
        try (Stream<Path> files = Files.list(folder)) {
            if (!own && files.findAny().isPresent()) {
                throw new IOException("the folder " + folder
                        + " exists and does not belong to a page of codanet; it is not changed: choose another folder");
            }
        }
    }

    private String html(PageAssets assets) {
        StringBuilder page = new StringBuilder();
        legend(page, assets);
        curve.ifPresent(drawn -> page.append("<section class=\"panel\" aria-labelledby=\"training\">\n")
                .append("<h2 id=\"training\">Training</h2>\n<p>")
                .append(Html.escape(drawn.summary()))
                .append(" Held-out images are not used for training.</p>\n")
                .append("<div class=\"curve\">")
                .append(drawn.html())
                .append("</div>\n</section>\n"));
        overview(page, assets);
        for (int i = 0; i < images.size(); i++) {
            new ImageCard(images.get(i), i + 1, range, assets).append(page);
        }
        String style = STYLE_MARK + "\n" + PageFrame.style("page.css") + TrainingCurve.STYLE;
        return PageFrame.html(title, lead, facts, assets.styleElement(style), page.toString());
    }

    private void legend(StringBuilder page, PageAssets assets) {
        page.append(
                String.format(
                        Locale.ROOT,
                        """
                <section class="panel" aria-labelledby="reading">
                <h2 id="reading">How to read this page</h2>
                <div class="legend">
                <figure class="scale">
                <img src="%s" width="257" height="18" alt="Colour scale from blue over white to red"/>
                <div class="scale-ends"><span>against</span><span>neutral</span><span>for</span></div>
                </figure>
                <ul>
                <li><strong>Map.</strong> The colour of a pixel shows its contribution to the logit of one class. \
                <b class="for">Red</b> pixels raise the logit, <b class="against">blue</b> pixels lower it, and white pixels do \
                not change it.</li>
                <li><strong>Overlay.</strong> The same colours on a grey copy of the image show where the contributions come \
                from.</li>
                <li><strong>Logit.</strong> The logit is the score of a class. It equals the sum of the contributions of all \
                pixels plus a bias, which is the same for all images. The line below each sum shows how far the two sides differ, \
                and how far rounding can make them differ.</li>
                <li><strong>Probability.</strong> %s</li>
                <li><strong>Colour range.</strong> The note at the end of each image says which contribution has full colour. \
                %s</li>
                </ul>
                </div>
                </section>
                """,
                        assets.source(ContributionPicture.scale(257, 18)),
                        Html.escape(probabilities),
                        range.isPresent()
                                ? "It is the same for all images, so colours can be compared between images."
                                : "It is the same for all maps of one image, so colours can be compared within an image, but not between images."));
    }

    private void overview(StringBuilder page, PageAssets assets) {
        if (images.size() < 2) {
            return;
        }
        page.append("<nav aria-label=\"All images\">\n<ol class=\"overview\">\n");
        for (int i = 0; i < images.size(); i++) {
            ExplainedImage image = images.get(i);
            String label = Html.escape(image.prediction().label());
            page.append("<li><a href=\"#image-")
                    .append(i + 1)
                    .append("\"")
                    .append(image.isWrong() ? " class=\"wrong\"" : "")
                    .append("><img class=\"pixels\" src=\"")
                    .append(assets.source(image.input()))
                    .append("\" alt=\"\"/><img class=\"pixels\" src=\"")
                    .append(assets.source(ContributionPicture.colours(
                            image.explained().getFirst().map(), ImageCard.range(image, range))))
                    .append("\" alt=\"\"/><span>")
                    .append(label)
                    .append(image.isWrong() ? " \u2717" : "")
                    .append("</span></a></li>\n");
        }
        page.append("</ol>\n</nav>\n");
    }
}

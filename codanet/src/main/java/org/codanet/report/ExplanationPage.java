package org.codanet.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;

/**
 * One self-contained HTML page: images, the classes that the network ranks highest, the contributions behind each of them,
 * and what every number and colour means. No script, no network; light and dark as the reader's system is set.
 *
 * @param title of the page
 * @param lead one or two sentences under the title
 * @param facts about model, data and run
 * @param probabilities how logits became probabilities, as a sentence
 * @param curve of the training, if there was one
 * @param range what full colour stands for in all images; if absent each image has its own
 * @param images in the order to show
 */
public record ExplanationPage(
        String title,
        String lead,
        List<PageFact> facts,
        String probabilities,
        Optional<TrainingCurve> curve,
        Optional<ColourRange> range,
        List<ExplainedImage> images) {
    public ExplanationPage {
        facts = List.copyOf(facts);
        images = List.copyOf(images);
        if (images.isEmpty()) {
            throw new IllegalArgumentException("page: no image to show");
        }
    }

    /** The whole page, as UTF-8 text that is well-formed XML too. */
    public String html() {
        StringBuilder page = new StringBuilder();
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>")
                .append(Html.escape(title))
                .append("</title>\n<style>\n")
                .append(style())
                .append("</style>\n</head>\n<body>\n<main>\n");
        header(page);
        legend(page);
        curve.ifPresent(drawn -> page.append("<section class=\"panel\" aria-labelledby=\"training\">\n")
                .append("<h2 id=\"training\">How it learned</h2>\n<p>")
                .append(Html.escape(drawn.summary()))
                .append(" Held-out images took no part in the training.</p>\n")
                .append("<div class=\"curve\">")
                .append(drawn.html())
                .append("</div>\n</section>\n"));
        overview(page);
        for (int i = 0; i < images.size(); i++) {
            new ImageCard(images.get(i), i + 1, range).append(page);
        }
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    private void header(StringBuilder page) {
        page.append("<header>\n<p class=\"eyebrow\">codanet</p>\n<h1>")
                .append(Html.escape(title))
                .append("</h1>\n<p class=\"lead\">")
                .append(Html.escape(lead))
                .append("</p>\n<dl class=\"facts\">\n");
        for (PageFact fact : facts) {
            page.append("<div><dt>")
                    .append(Html.escape(fact.name()))
                    .append("</dt><dd><strong>")
                    .append(Html.escape(fact.value()))
                    .append("</strong>");
            if (!fact.meaning().isEmpty()) {
                page.append("<span>").append(Html.escape(fact.meaning())).append("</span>");
            }
            page.append("</dd></div>\n");
        }
        page.append("</dl>\n</header>\n");
    }

    private void legend(StringBuilder page) {
        page.append("""
                <section class="panel" aria-labelledby="reading">
                <h2 id="reading">How to read this page</h2>
                <div class="legend">
                <figure class="scale">
                <img src="%s" width="257" height="18" alt="Colour scale from blue over white to red"/>
                <div class="scale-ends"><span>against</span><span>no say</span><span>for</span></div>
                </figure>
                <ul>
                <li><strong>Map.</strong> Each pixel is coloured by its contribution to one class: <b class="for">red</b> raised \
                the class's score, <b class="against">blue</b> lowered it, white left it alone.</li>
                <li><strong>Overlay.</strong> The same colours over the image in grey, to see what the pixels show.</li>
                <li><strong>Pixels + bias = logit.</strong> The logit is the score that the network gives a class. All \
                contributions of a map add up to it, together with a bias that is the same for every image: nothing of the score \
                is left unexplained. “Off by” is the difference that rounding leaves.</li>
                <li><strong>Probability.</strong> %s</li>
                <li><strong>Range.</strong> Full colour stands for the number given with each image. %s</li>
                </ul>
                </div>
                </section>
                """.formatted(
                        Picture.dataUri(ContributionPicture.scale(257, 18)),
                        Html.escape(probabilities),
                        range.isPresent()
                                ? "It is the same for all images, so that all colours can be compared."
                                : "All maps of one image share it, so that their colours can be compared."));
    }

    private void overview(StringBuilder page) {
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
                    .append(Picture.dataUri(image.input()))
                    .append("\" alt=\"\"/><img class=\"pixels\" src=\"")
                    .append(Picture.dataUri(ContributionPicture.colours(
                            image.explained().getFirst().map(), ImageCard.range(image, range))))
                    .append("\" alt=\"\"/><span>")
                    .append(label)
                    .append(image.isWrong() ? " \u2717" : "")
                    .append("</span></a></li>\n");
        }
        page.append("</ol>\n</nav>\n");
    }

    private static String style() {
        try (InputStream css = ExplanationPage.class.getResourceAsStream("page.css")) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("page: the style sheet in this program cannot be read", e);
        }
    }
}

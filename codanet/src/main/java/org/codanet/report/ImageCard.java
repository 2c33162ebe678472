package org.codanet.report;

import java.awt.image.BufferedImage;
import java.util.Locale;
import java.util.Optional;
import org.codanet.explain.ClassScore;
import org.codanet.markup.Html;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.SignedMap;

/** The part of an {@link ExplanationPage} that shows one image. */
final class ImageCard {
    private final ExplainedImage image;
    private final int number;
    private final ColourRange range;
    private final PageAssets assets;

    ImageCard(ExplainedImage image, int number, Optional<ColourRange> fixed, PageAssets assets) {
        this.image = image;
        this.number = number;
        this.range = range(image, fixed);
        this.assets = assets;
    }

    /** The fixed range if there is one, else one range for all maps of the image. */
    static ColourRange range(ExplainedImage image, Optional<ColourRange> fixed) {
        return fixed.orElseGet(() -> ColourRange.ofPercentile(
                image.explained().stream().map(ExplainedClass::map).toList(), ColourRange.ONE_IMAGE));
    }

    void append(StringBuilder page) {
        String predicted = Html.escape(image.prediction().label());
        page.append("<article class=\"panel")
                .append(image.isWrong() ? " wrong" : "")
                .append("\" id=\"image-")
                .append(number)
                .append("\" aria-labelledby=\"title-")
                .append(number)
                .append("\">\n<div class=\"card-head\"><h2 id=\"title-")
                .append(number)
                .append("\">")
                .append(predicted)
                .append("</h2>")
                .append(verdict())
                .append("<span class=\"name\">")
                .append(Html.escape(image.name()))
                .append("</span></div>\n<div class=\"card-top\">\n<figure>")
                .append(pixels(image.input(), "The image " + image.name()))
                .append("<figcaption>Input of the network</figcaption></figure>\n");
        ranking(page);
        page.append("</div>\n<div class=\"maps\">\n");
        for (ExplainedClass explained : image.explained()) {
            map(page, explained);
        }
        page.append("</div>\n");
        difference(page);
        page.append("<p class=\"note\">Full colour means that one pixel contributes \u00b1")
                .append(Html.short3(range.limit()))
                .append(" or more.</p>\n</article>\n");
    }

    private String verdict() {
        if (image.truth().isEmpty()) {
            return "";
        }
        if (!image.isWrong()) {
            return "<span class=\"verdict right\">\u2713 correct</span>";
        }
        return "<span class=\"verdict\">\u2717 wrong"
                + truth().map(c ->
                                ": the true class is " + Html.escape(c.score().label()))
                        .orElse("") + "</span>";
    }

    private Optional<ExplainedClass> truth() {
        return image.truth().isEmpty()
                ? Optional.empty()
                : explained(image.truth().getAsInt());
    }

    private Optional<ExplainedClass> explained(int index) {
        return image.explained().stream()
                .filter(c -> c.score().index() == index)
                .findFirst();
    }

    private void ranking(StringBuilder page) {
        page.append(
                        "<table class=\"ranking\"><caption>Classes with the highest logits</caption><thead><tr><th scope=\"col\">Class</th>")
                .append(
                        "<th scope=\"col\" class=\"bar-head\"><span>Probability</span></th><th scope=\"col\">Logit</th></tr>")
                .append("</thead><tbody>\n");
        for (ClassScore score : image.ranking()) {
            boolean isTrue = image.truth().isPresent() && image.truth().getAsInt() == score.index();
            page.append("<tr")
                    .append(isTrue ? " class=\"is-true\"" : "")
                    .append("><th scope=\"row\">")
                    .append(Html.escape(score.label()))
                    .append(isTrue ? " <em>true</em>" : "")
                    // A strict Content-Security-Policy forbids style attributes, so the bar is an SVG element.
                    .append("</th><td class=\"bar-cell\"><svg class=\"bar\" aria-hidden=\"true\"><rect width=\"")
                    .append(String.format(Locale.ROOT, "%.1f", 100 * score.probability()))
                    .append("%\" height=\"100%\"/></svg><span class=\"share\">")
                    .append(Html.escape(Html.percent(score.probability())))
                    .append("</span></td><td class=\"num\">")
                    .append(Html.number(score.logit()))
                    .append("</td></tr>\n");
        }
        page.append("</tbody></table>\n");
    }

    private void map(StringBuilder page, ExplainedClass explained) {
        ClassScore score = explained.score();
        boolean holds = explained.identityError() <= explained.tolerance();
        page.append("<section class=\"class-map\"><h3>").append(Html.escape(explained.name()));
        if (explained.against().isEmpty()) {
            page.append("<span>")
                    .append(Html.escape(Html.percent(score.probability())))
                    .append("</span>");
        }
        page.append("</h3>\n")
                .append(pair(explained.map(), "class " + explained.name()))
                .append("<p class=\"sum")
                .append(holds ? "" : " broken")
                .append("\"><span><b>")
                .append(Html.number(explained.map().sum()))
                .append("</b> pixels</span> <span>")
                .append(explained.bias() < 0 ? "\u2212" : "+")
                .append(" <b>")
                .append(Html.number(Math.abs(explained.bias())))
                .append("</b> bias</span> <span>= <b>")
                .append(Html.number(score.logit()))
                .append(explained.against().isEmpty() ? "</b> logit" : "</b> difference of the logits")
                .append("</span></p>\n")
                .append("<p class=\"off\">difference ")
                .append(Html.tiny(explained.identityError()))
                .append(holds ? ", within" : ", more than")
                .append(" the rounding limit of ")
                .append(Html.tiny(explained.tolerance()))
                .append(holds ? "" : ": this explanation is not exact")
                .append("</p></section>\n");
    }

    private void difference(StringBuilder page) {
        Optional<ExplainedClass> predicted = explained(image.prediction().index());
        Optional<ExplainedClass> truth = truth();
        if (!image.isWrong() || predicted.isEmpty() || truth.isEmpty()) {
            return;
        }
        String winner = predicted.get().score().label();
        String loser = truth.get().score().label();
        SignedMap difference = predicted.get().map().minus(truth.get().map());
        page.append("<section class=\"against-class\"><div><h3>Why not ")
                .append(Html.escape(loser))
                .append("?</h3>\n<p>This is the map of ")
                .append(Html.escape(winner))
                .append(" minus the map of ")
                .append(Html.escape(loser))
                .append(
                        ". <b class=\"for\">Red</b> pixels favour the wrong class, <b class=\"against\">blue</b> pixels favour the")
                .append(" true class. The pixels add up to <b>")
                .append(Html.change(difference.sum()))
                .append("</b>, which is the difference between the logits ")
                .append(Html.number(predicted.get().score().logit()))
                .append(" and ")
                .append(Html.number(truth.get().score().logit()))
                .append(".</p></div>\n")
                .append(pair(difference, winner + " against " + loser))
                .append("</section>\n");
    }

    private String pair(SignedMap map, String what) {
        String described = String.format(Locale.ROOT, "%s; the pixels add up to %s", what, Html.number(map.sum()));
        return "<div class=\"pair\"><figure>"
                + pixels(ContributionPicture.colours(map, range), "Contributions to " + described)
                + "<figcaption>Map</figcaption></figure><figure>"
                + pixels(
                        ContributionPicture.overlay(map, range, image.input()),
                        "Contributions to " + what + ", on the image in grey")
                + "<figcaption>Overlay</figcaption></figure></div>\n";
    }

    private String pixels(BufferedImage picture, String alternative) {
        return "<img class=\"pixels\" width=\"" + picture.getWidth() + "\" height=\"" + picture.getHeight()
                + "\" src=\"" + assets.source(picture) + "\" alt=\"" + Html.escape(alternative) + "\"/>";
    }
}

package org.codanet.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.codanet.comparison.Metric;
import org.codanet.comparison.Series;
import org.codanet.file.AtomicFile;
import org.codanet.markup.Html;
import org.codanet.metrics.Summary;
import org.codanet.plot.NoFontsException;
import org.codanet.plot.Plot;
import org.codanet.render.Picture;

/**
 * The report of a comparison of explanation methods: plots, tables with published values, images with their maps, and everything that is
 * needed to repeat it. The page is one file without scripts, follows the reader's light or dark setting, and prints in light colours.
 *
 * @param facts about data, protocol, device and program
 * @param repeat the exact command, and other lines that identify the run, by name
 * @param models in the order of the page; at least one
 * @param percent the percentage of replaced pixels at each point of the curves of a metric
 */
public record ComparisonPage(
        List<PageFact> facts,
        Map<String, String> repeat,
        List<ComparedModel> models,
        Map<Metric, List<Double>> percent) {
    /** The name of the page in its folder. */
    public static final String FILE = "report.html";

    /** The folder of the plots, beside the page. */
    public static final String PLOTS = "plots";

    /** The folder of the strips of images and maps, beside the page. */
    public static final String GALLERY = "gallery";

    private static final String TITLE = "Explanation methods compared";

    /** Copies the lists. @throws IllegalArgumentException if there is no model */
    public ComparisonPage {
        facts = List.copyOf(facts);
        models = List.copyOf(models);
        percent = Map.copyOf(percent);
        if (models.isEmpty()) {
            throw new IllegalArgumentException("report: no model to show");
        }
    }

    /**
     * Writes the page, its plots as SVG and PNG files, and the strips of its gallery as PNG files.
     *
     * @param folder that exists
     * @return why the plots were not written as PNG files; empty if they were
     * @throws IOException naming the file and the reason if a file cannot be written
     */
    public Optional<String> write(Path folder) throws IOException {
        ExplanationPage.requireReplaceable(folder.resolve(FILE));
        Files.createDirectories(folder.resolve(PLOTS));
        Optional<String> refused = Optional.empty();
        for (Metric metric : metrics()) {
            for (Map.Entry<String, Plot> plot : plots(metric).entrySet()) {
                Path file = folder.resolve(PLOTS).resolve(plot.getKey() + ".svg");
                AtomicFile.replace(file, plot.getValue().svg().getBytes(StandardCharsets.UTF_8));
                try {
                    BufferedImage picture = plot.getValue().picture();
                    Picture.writePng(picture, folder.resolve(PLOTS).resolve(plot.getKey() + ".png"));
                } catch (NoFontsException e) {
                    refused = Optional.of(e.getMessage());
                }
            }
        }
        for (ComparedModel model : models) {
            if (model.gallery().isPresent()) {
                writeStrips(
                        folder.resolve(GALLERY), model.name(), model.gallery().get());
            }
        }
        AtomicFile.replace(folder.resolve(FILE), html().getBytes(StandardCharsets.UTF_8));
        return refused;
    }

    private static void writeStrips(Path folder, String model, ComparisonGallery gallery) throws IOException {
        Files.createDirectories(folder);
        int number = 1;
        for (ComparisonGallery.Row row : gallery.rows()) {
            String name = String.format(Locale.ROOT, "%s-%02d-%s", model, number++, row.label());
            Picture.writePng(row.strip(), folder.resolve(name.replaceAll("[^A-Za-z0-9._=-]+", "-") + ".png"));
        }
    }

    /** The text of the page. It is well-formed XML too. */
    public String html() {
        StringBuilder page = new StringBuilder();
        for (Metric metric : metrics()) {
            section(page, metric);
        }
        models.forEach(model -> model.gallery().ifPresent(gallery -> gallery(page, model.name(), gallery)));
        repeat(page);
        String style = "<style>\n/* A page of codanet. */\n" + PageFrame.style("page.css")
                + PageFrame.style("comparison.css") + Plot.STYLE + "</style>\n";
        String lead =
                "How well do the maps of explanation methods agree with what the network computes? All methods explain the same"
                        + " images.";
        return PageFrame.html(TITLE, lead, facts, style, page.toString());
    }

    private List<Metric> metrics() {
        return results().stream().map(r -> r.series().metric()).distinct().toList();
    }

    private List<ComparedModel.Result> results() {
        return models.stream().flatMap(model -> model.results().stream()).toList();
    }

    private Map<String, Plot> plots(Metric metric) {
        List<Series> all = new ArrayList<>();
        results().stream()
                .map(ComparedModel.Result::series)
                .filter(series -> series.metric() == metric)
                .forEach(all::add);
        return ComparisonPlots.of(metric, all, percent.getOrDefault(metric, List.of()));
    }

    private void section(StringBuilder page, Metric metric) {
        page.append("<section class=\"panel\">\n<h2>")
                .append(Html.escape(metric.title()))
                .append("</h2>\n<p>")
                .append(Html.escape(metric.meaning()))
                .append(
                        metric.kind() == Metric.Kind.CURVE
                                ? " Shaded areas are 95 % bootstrap intervals of the mean."
                                : " A box reaches from the 25th to the 75th percentile, its line is the median and its dot the mean;"
                                        + " whiskers reach from the 5th to the 95th percentile.")
                .append("</p>\n");
        plots(metric).values().forEach(plot -> page.append(plot.html()));
        table(page, metric);
        page.append("</section>\n");
    }

    private void table(StringBuilder page, Metric metric) {
        boolean curve = metric.kind() == Metric.Kind.CURVE;
        List<ComparedModel.Result> rows = results().stream()
                .filter(result -> result.series().metric() == metric)
                .toList();
        boolean published = rows.stream().anyMatch(row -> row.published().isPresent());
        String details = curve ? "first / middle / last point" : "25 / 50 / 75 %";
        page.append(
                        "<div class=\"scroll\"><table class=\"values\"><thead><tr><th>model</th><th>method</th><th class=\"num\">")
                .append(curve ? "curves" : "rows")
                .append("</th><th class=\"num\">mean (95 % interval)</th><th class=\"num\">")
                .append(details)
                .append("</th>")
                .append(
                        published
                                ? "<th class=\"num\">published mean</th><th class=\"num\">published "
                                        + (curve ? "at 0 / 10 / 25 %" : details) + "</th>"
                                : "")
                .append("</tr></thead><tbody>\n");
        for (ComparedModel.Result row : rows) {
            Summary s = row.series().summary();
            page.append("<tr><td>")
                    .append(Html.escape(row.series().model()))
                    .append("</td><th>")
                    .append(Html.escape(row.series().method()))
                    .append("</th><td class=\"num\">")
                    .append(row.series().rows().size())
                    .append(String.format(
                            Locale.ROOT,
                            "</td><td class=\"num\"><b>%.3f</b> (%.3f–%.3f)</td><td class=\"num\">",
                            s.mean(),
                            s.low(),
                            s.high()))
                    .append(curve ? points(row.series()) : text(s.percentile25(), s.median(), s.percentile75()))
                    .append("</td>");
            if (published) {
                page.append("<td class=\"num\">")
                        .append(row.published()
                                .map(p -> String.format(Locale.ROOT, "%.3f", p.value()))
                                .orElse("–"))
                        .append("</td><td class=\"num\">")
                        .append(row.published()
                                .map(p -> Html.escape(p.details()))
                                .orElse(""))
                        .append("</td>");
            }
            page.append("</tr>\n");
        }
        page.append("</tbody></table></div>\n");
        if (published) {
            page.append(
                            "<p class=\"note\">The published values are those of the authors' result files (Böhle, Fritz, Schiele, CVPR")
                    .append(
                            " 2021) for their own weights, trained for 200 epochs on the original pixels of CIFAR-10. Where weights,")
                    .append(" images, number of grids or protocol differ, the values differ too.</p>\n");
        }
    }

    private static String points(Series series) {
        List<Summary> points = series.points();
        return text(
                points.getFirst().mean(),
                points.get(points.size() / 2).mean(),
                points.getLast().mean());
    }

    private static String text(double first, double second, double third) {
        return String.format(Locale.ROOT, "%.3f / %.3f / %.3f", first, second, third);
    }

    private static void gallery(StringBuilder page, String model, ComparisonGallery gallery) {
        page.append("<section class=\"panel\">\n<h2>Images and maps: ")
                .append(Html.escape(model))
                .append(
                        "</h2>\n<p><b class=\"for\">Red</b> pixels speak for the class of the image, <b class=\"against\">blue</b>")
                .append(
                        " pixels against it. Methods have different units, so colours cannot be compared between methods.</p>\n")
                .append("<div class=\"scroll\"><table class=\"gallery\"><thead><tr><th>class</th><th>image</th>");
        gallery.methods()
                .forEach(method ->
                        page.append("<th>").append(Html.escape(method)).append("</th>"));
        page.append("</tr></thead><tbody>\n");
        for (ComparisonGallery.Row row : gallery.rows()) {
            String label = Html.escape(row.label());
            page.append("<tr><th>").append(label).append("</th>");
            picture(page, row.input(), "image of class " + label);
            for (int m = 0; m < row.maps().size(); m++) {
                picture(page, row.maps().get(m), Html.escape(gallery.methods().get(m)) + " for " + label);
            }
            page.append("</tr>\n");
        }
        page.append("</tbody></table></div>\n</section>\n");
    }

    private static void picture(StringBuilder page, BufferedImage picture, String text) {
        page.append("<td><img class=\"pixels\" src=\"")
                .append(Picture.dataUri(picture))
                .append("\" alt=\"")
                .append(text)
                .append("\"/></td>");
    }

    private void repeat(StringBuilder page) {
        Map<String, String> all = new LinkedHashMap<>(repeat);
        models.forEach(model -> all.put("SHA-256 of the weights of " + model.name(), model.hash()));
        page.append("<section class=\"panel\">\n<h2>To repeat this comparison</h2>\n<dl class=\"repeat\">\n");
        all.forEach((name, value) -> page.append("<dt>")
                .append(Html.escape(name))
                .append("</dt><dd><code>")
                .append(Html.escape(value))
                .append("</code></dd>\n"));
        page.append("</dl>\n");
        if (models.size() > 0) {
            page.append("<ul>\n");
            models.forEach(model -> page.append("<li><b>")
                    .append(Html.escape(model.name()))
                    .append("</b>: ")
                    .append(Html.escape(model.description()))
                    .append("</li>\n"));
            page.append("</ul>\n");
        }
        page.append("</section>\n");
    }
}

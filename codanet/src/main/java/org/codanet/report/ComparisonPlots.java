package org.codanet.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.codanet.comparison.Metric;
import org.codanet.comparison.Series;
import org.codanet.metrics.Summary;
import org.codanet.plot.BoxPlot;
import org.codanet.plot.CurvePlot;
import org.codanet.plot.Plot;

/** The plots of one metric. */
final class ComparisonPlots {
    private ComparisonPlots() {}

    /**
     * {@return the plots by the names of their files, without endings}
     *
     * @param all the series of the metric, of all models
     * @param percent the percentage of replaced pixels at each point of a curve
     */
    static Map<String, Plot> of(Metric metric, List<Series> all, List<Double> percent) {
        Map<String, Plot> plots = new LinkedHashMap<>();
        List<String> models = all.stream().map(Series::model).distinct().toList();
        List<String> methods = all.stream().map(Series::method).distinct().toList();
        if (metric.kind() == Metric.Kind.CURVE) {
            for (String model : models) {
                List<Series> ofModel =
                        all.stream().filter(s -> s.model().equals(model)).toList();
                plots.put(fileName(metric.label() + "-" + model), curves(metric, model, ofModel, methods, percent));
            }
            return plots;
        }
        if (models.size() == 1) {
            plots.put(metric.label(), boxes(metric, ": " + models.getFirst(), all, s -> "", Series::method, methods));
            return plots;
        }
        plots.put(
                metric.label() + "-by-method", boxes(metric, " by method", all, Series::method, Series::model, models));
        plots.put(
                metric.label() + "-by-model", boxes(metric, " by model", all, Series::model, Series::method, methods));
        return plots;
    }

    private static String fileName(String text) {
        return text.replaceAll("[^A-Za-z0-9._=-]", "-");
    }

    private static Plot curves(
            Metric metric, String model, List<Series> all, List<String> methods, List<Double> percent) {
        List<CurvePlot.Curve> curves = new ArrayList<>();
        for (Series series : all) {
            List<CurvePlot.Value> points = series.points().stream()
                    .map(s -> new CurvePlot.Value(s.mean(), s.low(), s.high()))
                    .toList();
            curves.add(new CurvePlot.Curve(series.method(), methods.indexOf(series.method()), percent, points));
        }
        return new CurvePlot(
                model + ": " + metric.label(),
                metric == Metric.INSERTION ? "sharp pixels (%)" : "removed pixels (%)",
                "probability of the label",
                percent.getLast(),
                curves);
    }

    /** Boxes under the headings that {@code group} gives; a box has the name and colour of {@code name}. */
    private static Plot boxes(
            Metric metric,
            String subtitle,
            List<Series> all,
            Function<Series, String> group,
            Function<Series, String> name,
            List<String> names) {
        Map<String, List<BoxPlot.Box>> groups = new LinkedHashMap<>();
        for (Series series : all) {
            Summary s = series.summary();
            groups.computeIfAbsent(group.apply(series), _ -> new ArrayList<>())
                    .add(new BoxPlot.Box(
                            name.apply(series),
                            names.indexOf(name.apply(series)),
                            s.percentile5(),
                            s.percentile25(),
                            s.median(),
                            s.percentile75(),
                            s.percentile95(),
                            s.mean()));
        }
        List<BoxPlot.Group> boxes = new ArrayList<>();
        groups.forEach((heading, list) -> boxes.add(new BoxPlot.Group(heading, list)));
        boolean share = metric.kind() == Metric.Kind.SHARE;
        return new BoxPlot(
                metric.title() + subtitle,
                share ? "share of the positive values" : "relative error",
                share ? 1 : largest(all),
                boxes,
                share ? references(metric, all) : List.of());
    }

    /** A round number above most values of an error, which has no upper bound. */
    private static double largest(List<Series> all) {
        double largest = all.stream()
                .mapToDouble(series -> series.summary().percentile95())
                .max()
                .orElseThrow();
        if (!(largest > 0)) {
            return 1;
        }
        double unit = Math.pow(10, Math.floor(Math.log10(largest)));
        return Math.ceil(largest / unit) * unit;
    }

    private static List<BoxPlot.Reference> references(Metric metric, List<Series> all) {
        List<BoxPlot.Reference> references = new ArrayList<>();
        if (metric.isOfGrids()) {
            double uniform = 1.0 / all.getFirst().rows().getFirst().length;
            references.add(new BoxPlot.Reference(String.format(Locale.ROOT, "uniform %.3f", uniform), uniform));
        }
        references.add(new BoxPlot.Reference("oracle 1", 1));
        return references;
    }
}

package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.NetworkAttribution;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Interruption;
import org.codanet.cli.console.Version;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.ViewOption;
import org.codanet.comparison.BoxFile;
import org.codanet.comparison.Comparison;
import org.codanet.comparison.ComparisonFiles;
import org.codanet.comparison.ComparisonSettings;
import org.codanet.comparison.Metric;
import org.codanet.comparison.Series;
import org.codanet.comparison.TestImages;
import org.codanet.comparison.WeightHash;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.file.InputFile;
import org.codanet.metrics.BoxedObject;
import org.codanet.metrics.Protocol;
import org.codanet.metrics.Summary;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Networks;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.report.ComparedModel;
import org.codanet.report.ComparisonGallery;
import org.codanet.report.ComparisonPage;
import org.codanet.report.ExplanationPage;
import org.codanet.report.PageFact;
import org.codanet.report.PublishedValue;
import org.codanet.train.EvaluationData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares explanation methods by the metrics of the paper. */
@Command(
        name = "evaluate-explanations",
        description = {
            "Compares explanation methods on labelled images by the metrics of the paper: localisation on grids of images, and the"
                    + " probability while pixels are removed. A run that was interrupted goes on where it was if it is repeated"
                    + " with the same options."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet evaluate-explanations --model run/best.safetensors --data cifar-10-batches-bin --out study/",
            "  codanet evaluate-explanations --model net.safetensors --data photos/ --methods ours,gcam,occ5 --grids 100 --out study/",
            "  codanet evaluate-explanations --model net.safetensors --data photos/ --methods ours,occlusion:size=9:stride=4"
                    + " --metrics removal --protocol original --out study/",
            "",
            "`codanet explain --methods` lists the methods and their settings."
        })
public final class EvaluateExplanationsCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "FILE",
            description = "Model file of codanet. Repeat the option to compare several models.")
    List<Path> models;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description = "Labelled images: a data set or pictures in test/CLASS/.")
    Path folder;

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "Part of the data: test or train. Default: ${DEFAULT-VALUE}.")
    Split split;

    @Option(
            names = "--methods",
            paramLabel = "M,…",
            split = ",",
            defaultValue = "ours,grad,ixg,intgrad,gcam,occ5,occ9",
            description = "Methods, each with its settings as NAME:KEY=VALUE:KEY=VALUE. Default: ${DEFAULT-VALUE}.")
    List<String> methods;

    @Option(
            names = "--metrics",
            paramLabel = "M,…",
            split = ",",
            defaultValue = "localisation,removal",
            description =
                    "Metrics: localisation, removal (least important pixels first), removal-most, insertion, deletion, completeness,"
                            + " stability, difull, dipart, pointing. Default: ${DEFAULT-VALUE}.")
    List<String> metrics;

    @Option(
            names = "--protocol",
            paramLabel = "NAME",
            defaultValue = "corrected",
            description =
                    "Rules of sampling and removal: corrected, or original, which follows the published code of the paper to the"
                            + " index. Default: ${DEFAULT-VALUE}.")
    Protocol protocol;

    @Option(
            names = "--side",
            paramLabel = "S",
            defaultValue = "3",
            description = "Grids of the localisation metric have S x S images. Default: ${DEFAULT-VALUE}.")
    int side;

    @Option(
            names = "--grids",
            paramLabel = "N",
            defaultValue = "500",
            description = "Number of grids, or fewer if the confident images run out. Default: ${DEFAULT-VALUE}.")
    int grids;

    @Option(
            names = "--images",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Number of images with a removal curve. Default: ${DEFAULT-VALUE}.")
    int images;

    @Option(
            names = "--share",
            paramLabel = "F",
            defaultValue = "0.25",
            description = "Fraction of the pixels that are removed at the end of a curve. Default: ${DEFAULT-VALUE}.")
    double share;

    @Option(
            names = "--points",
            paramLabel = "N",
            defaultValue = "128",
            description = "Points of a removal curve after the whole image. Default: ${DEFAULT-VALUE}.")
    int points;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Seed of the grids in the corrected protocol, and of the intervals. Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description =
                    "Folder for report.html with its plots and pictures, results.json, results.csv, the raw values as .npy, and the"
                            + " progress of the run.")
    Path output;

    @Option(
            names = "--boxes",
            paramLabel = "FILE",
            description =
                    "JSON file with the boxes of objects, for the metric pointing. docs/metrics.md describes its form.")
    Path boxes;

    @Option(
            names = "--gallery",
            paramLabel = "N",
            defaultValue = "10",
            description = "Number of images whose maps the report shows; 0 for none. Default: ${DEFAULT-VALUE}.")
    int gallery;

    @Option(
            names = "--scale",
            paramLabel = "NAME",
            defaultValue = "image",
            description =
                    "Colours of these maps: image gives each map its own range, fixed gives all maps of a method the same range."
                            + " Default: ${DEFAULT-VALUE}.")
    ComparisonGallery.Scale scale;

    @Option(names = "--json", description = "Print the results as one JSON object instead of a table.")
    boolean json;

    private volatile boolean stopped;

    /** The percentage of replaced pixels at each point of the curves of a metric. */
    private final Map<Metric, List<Double>> percent = new EnumMap<>(Metric.class);

    @Override
    public Integer call() throws IOException {
        ComparisonSettings settings = new ComparisonSettings(protocol, side, grids, images, share, points, seed);
        Map<String, AttributionMethod> named = ViewOption.parsed(methods);
        List<Metric> measured = metrics.stream().map(Metric::of).distinct().toList();
        if (gallery < 0) {
            throw new IllegalArgumentException("--gallery is " + gallery + ", it must be at least 0");
        }
        Files.createDirectories(output);
        ExplanationPage.requireReplaceable(output.resolve(ComparisonPage.FILE));
        List<ComparedModel> compared = new ArrayList<>();
        Map<String, String> about = about();
        try (Interruption _ = new Interruption(() -> stopped = true)) {
            for (Path model : models) {
                compared.add(compare(model, settings, named, measured, about));
                if (stopped) {
                    console.warn("interrupted; repeat the command to go on from here");
                    return 1;
                }
            }
        }
        List<Series> all = compared.stream()
                .flatMap(model -> model.results().stream())
                .map(ComparedModel.Result::series)
                .toList();
        ComparisonFiles.write(output, about, all);
        new ComparisonPage(facts(about), Map.of("Command", about.get("command")), compared, percent)
                .write(output)
                .ifPresent(reason -> console.warn("the plots were not written as PNG files: " + reason));
        if (json) {
            console.result(ComparisonFiles.json(about, all));
        } else {
            print(all);
        }
        console.say("report: "
                + output.resolve(ComparisonPage.FILE).toAbsolutePath().toUri());
        return 0;
    }

    private Map<String, String> about() {
        Map<String, String> about = new LinkedHashMap<>();
        about.put("command", console.commandLine());
        about.put("codanet", Version.number());
        about.put("java", Runtime.version().toString());
        about.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        about.put("date", LocalDate.now().toString());
        about.put("protocol", protocol.name().toLowerCase(Locale.ROOT));
        about.put("side", Integer.toString(side));
        about.put("share", Double.toString(share));
        about.put("points", Integer.toString(points));
        about.put("seed", Long.toString(seed));
        return about;
    }

    private List<PageFact> facts(Map<String, String> about) {
        return List.of(
                new PageFact("Data", about.get("data"), about.get("images") + " images of the part " + splitName()),
                new PageFact(
                        "Protocol",
                        about.get("protocol"),
                        protocol == Protocol.ORIGINAL
                                ? "the rules of the published code, to the index"
                                : "without the errors of the published code"),
                new PageFact(
                        "Device", about.get("device"), about.get("device description") + "; " + about.get("system")),
                new PageFact(
                        "Created",
                        about.get("date"),
                        "codanet " + about.get("codanet") + ", Java " + about.get("java")));
    }

    private String splitName() {
        return split.name().toLowerCase(Locale.ROOT);
    }

    private ComparedModel compare(
            Path path,
            ComparisonSettings settings,
            Map<String, AttributionMethod> named,
            List<Metric> measured,
            Map<String, String> about)
            throws IOException {
        ModelFile file = ModelFile.read(InputFile.require(path));
        EvaluationData data = EvaluationData.of(
                Datasets.open(folder, split), file, Runtime.getRuntime().availableProcessors());
        ImageDataset dataset = data.images();
        console.say("data: " + dataset.description());
        TestImages testImages = TestImages.of(data.batches(256));
        about.put("data", dataset.name());
        about.put("images", Integer.toString(testImages.count()));
        try (Device device = deviceOption.open(console);
                Scope scope = Scope.open("evaluate explanations");
                Network net = Networks.loadForAnyExtents(file, device, scope)) {
            about.put("device", device.name());
            about.put("device description", device.description());
            String name = path.getFileName().toString().replaceFirst("\\.safetensors$", "");
            String hash = WeightHash.of(file.weights());
            about.put("sha256 of " + name, hash);
            AttributedNetwork network = NetworkAttribution.of(net, deviceOption.memoryBytes());
            List<Series> series;
            try (SeriesDisplay display = new SeriesDisplay(console, () -> stopped)) {
                series = new Comparison(settings, output, display)
                        .run(
                                new Comparison.Model(name, hash, network),
                                named,
                                measured,
                                new Comparison.Data(
                                        testImages,
                                        dataset.name() + ", " + testImages.count() + " images",
                                        objects(dataset)));
            }
            int pixels = testImages.height() * testImages.width();
            measured.stream()
                    .filter(metric -> metric.kind() == Metric.Kind.CURVE)
                    .forEach(metric -> percent.put(metric, settings.percentOfPixels(metric, pixels)));
            List<ComparedModel.Result> results = series.stream()
                    .map(one -> new ComparedModel.Result(
                            one, PublishedValue.of(file.config(), named.get(one.method()), one.metric(), settings)))
                    .toList();
            return new ComparedModel(
                    name,
                    description(file.config()),
                    hash,
                    results,
                    gallery(network, named, testImages, file.config()));
        }
    }

    private List<BoxedObject> objects(ImageDataset dataset) throws IOException {
        return boxes == null
                ? List.of()
                : BoxFile.read(InputFile.require(boxes), dataset::imageName, dataset.size(), dataset.classNames());
    }

    private Optional<ComparisonGallery> gallery(
            AttributedNetwork network,
            Map<String, AttributionMethod> named,
            TestImages testImages,
            NetworkConfig config) {
        return gallery == 0 || stopped
                ? Optional.empty()
                : Optional.of(ComparisonGallery.of(network, named, testImages, gallery, scale, config::label));
    }

    private static String description(NetworkConfig config) {
        return String.format(
                Locale.ROOT,
                "%d layers, %,d weights, temperature %s",
                config.depth(),
                config.parameters(),
                Double.toString(config.temperature()).replaceFirst("\\.0$", ""));
    }

    private void print(List<Series> all) {
        console.result(
                "%-24s %-24s %-14s %6s  %-22s %s", "model", "method", "metric", "rows", "mean (95 %)", "25/50/75 %");
        for (Series series : all) {
            Summary summary = series.summary();
            console.result(
                    "%-24s %-24s %-14s %6d  %.4f (%.4f-%.4f) %.3f %.3f %.3f",
                    series.model(),
                    series.method(),
                    series.metric().label(),
                    series.rows().size(),
                    summary.mean(),
                    summary.low(),
                    summary.high(),
                    summary.percentile25(),
                    summary.median(),
                    summary.percentile75());
        }
    }
}

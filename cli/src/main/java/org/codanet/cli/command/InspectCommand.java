package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.codanet.cli.console.Console;
import org.codanet.file.FileFormatException;
import org.codanet.file.FileName;
import org.codanet.file.InputFile;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.weights.WeightsFile;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.LayerConfig;
import org.codanet.model.LayerExtent;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.model.ResNetConfig;
import org.codanet.report.ModelCard;
import org.codanet.report.PageText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the contents of a model file. */
@Command(
        name = "inspect",
        description =
                "Shows the contents of a model file: network, images, recipe and scores. Of other files it lists the tensors.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet inspect run/best.safetensors",
            "  codanet inspect --markdown run/best.safetensors",
            "  codanet inspect last_model_epoch_200.pkl",
            "  codanet inspect --experiments",
            "  codanet inspect --experiment XS-CoDA-SQ-30 --json"
        })
public final class InspectCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.inspect/1";

    @Mixin
    Console console;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FILE",
            description = "Model file, checkpoint or safetensors file.")
    Path file;

    @Option(names = "--experiment", paramLabel = "NAME", description = "Show an experiment instead of a file.")
    String experiment;

    @Option(names = "--experiments", description = "List all experiments.")
    boolean experiments;

    @Option(
            names = "--key",
            paramLabel = "NAME",
            description = "Entry of a PyTorch checkpoint to describe, such as ema, if it holds several networks.")
    String key;

    @Option(names = "--json", description = "Print one JSON object instead of text.")
    boolean json;

    @Option(
            names = "--markdown",
            description = "Print a model card instead: Markdown to publish beside the model file.")
    boolean markdown;

    @Override
    public Integer call() throws IOException {
        if (Stream.of(experiments, experiment != null, file != null)
                        .filter(x -> x)
                        .count()
                > 1) {
            throw new IllegalArgumentException("give only one of a file, --experiment NAME and --experiments");
        }
        if (markdown && (json || experiments)) {
            throw new IllegalArgumentException("--markdown applies to one model and excludes --json and --experiments");
        }
        if (experiments) {
            list();
        } else if (experiment != null) {
            Experiment named = Experiments.named(experiment);
            show(new ModelCard(
                    named.name(),
                    named.network(),
                    Optional.of(named.preprocessing()),
                    Optional.of(named.recipe()),
                    Map.of()));
        } else if (file != null) {
            inspect(WeightsFile.read(InputFile.require(file), Optional.ofNullable(key)));
        } else {
            throw new IllegalArgumentException("give a file, --experiment NAME or --experiments");
        }
        return 0;
    }

    private void list() {
        for (String name : Experiments.names()) {
            NetworkConfig network = Experiments.named(name).network();
            if (json) {
                JsonObject one = Console.json(SCHEMA);
                one.addProperty("experiment", name);
                one.addProperty("weights", network.parameters());
                console.result(one);
            } else {
                console.result("%-26s %d layers, %,d weights", name, network.depth(), network.parameters());
            }
        }
    }

    private void inspect(NamedTensors content) throws IOException {
        if ("codanet".equals(content.metadata().get("format"))) {
            ModelFile model = ModelFile.read(file, Optional.empty(), true);
            List<String> bad = content.nonFinite();
            if (!bad.isEmpty()) {
                console.warn("codanet inspect: " + file + " holds values that are NaN or infinite, in "
                        + String.join(", ", bad));
            }
            show(new ModelCard(
                    FileName.text(file.getFileName()),
                    model.config(),
                    model.preprocessing(),
                    model.recipe(),
                    model.scores()));
            return;
        }
        if (markdown) {
            throw new FileFormatException(
                    file.toString(),
                    "is no model file of codanet, so it has no model card; 'codanet convert' makes one");
        }
        if (json) {
            JsonObject result = Console.json(SCHEMA);
            JsonObject metadata = new JsonObject();
            content.metadata().forEach(metadata::addProperty);
            result.add("metadata", metadata);
            JsonArray tensors = new JsonArray();
            content.tensors().forEach((name, tensor) -> tensors.add(tensor(name, tensor)));
            result.add("tensors", tensors);
            console.result(result);
            return;
        }
        console.result("%s: %d tensors", file, content.tensors().size());
        content.metadata().forEach((name, text) -> console.result("  %s: %s", name, shortened(text)));
        content.tensors()
                .forEach((name, tensor) ->
                        console.result("  %-48s %-4s %-22s %s", name, tensor.type(), tensor.shape(), range(tensor)));
    }

    private static String shortened(String text) {
        String line = text.replaceAll("\\s+", " ");
        return line.length() <= 100 ? line : line.substring(0, 97) + "...";
    }

    private static JsonObject tensor(String name, TensorData tensor) {
        JsonObject one = new JsonObject();
        one.addProperty("name", name);
        one.addProperty("type", tensor.type().name());
        JsonArray shape = new JsonArray();
        tensor.shape().forEach(shape::add);
        one.add("shape", shape);
        one.addProperty("finite", tensor.isFinite());
        return one;
    }

    private static String range(TensorData tensor) {
        if (!tensor.isFinite()) {
            return "holds values that are NaN or infinite";
        }
        if (!tensor.type().isFloating() || tensor.count() == 0) {
            return "";
        }
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (float value : tensor.toFloats()) {
            min = Math.min(min, value);
            max = Math.max(max, value);
        }
        return String.format(Locale.ROOT, "%.4g to %.4g", min, max);
    }

    private void show(ModelCard card) {
        if (markdown) {
            console.result(card.markdown().stripTrailing());
            return;
        }
        NetworkConfig config = card.config();
        Optional<Preprocessing> images = card.images();
        Optional<JsonObject> recipe =
                card.recipe().map(r -> JsonParser.parseString(r.toJson()).getAsJsonObject());
        Map<String, Double> scores = card.scores();
        if (json) {
            JsonObject result = Console.json(SCHEMA);
            result.add("config", JsonParser.parseString(config.toJson()));
            result.addProperty("weights", config.parameters());
            images.ifPresent(p -> result.add("preprocessing", preprocessing(p)));
            recipe.ifPresent(r -> result.add("recipe", r));
            JsonObject numbers = new JsonObject();
            scores.forEach(numbers::addProperty);
            result.add("scores", numbers);
            console.result(result);
            return;
        }
        head(config);
        if (!config.labels().isEmpty()) {
            console.result("classes   %s", String.join(", ", config.labels()));
        }
        console.result(
                "input     %d channels%s",
                config.inChannels(), config.addInverse() ? ": those of the image and their inverse" : "");
        images.ifPresent(p -> console.result(
                "images    %s%s",
                PageText.extents(p),
                p.resize() > 0 ? ", cropped from the centre after resizing to " + p.resize() : ""));
        if (config instanceof CodaNetConfig coda) {
            layers(coda, images);
        }
        scores.forEach((name, value) -> console.result("score     %s %.4f", name, value));
        recipe.ifPresent(r -> console.result("recipe    %s", r));
    }

    private void head(NetworkConfig config) {
        switch (config) {
            case CodaNetConfig coda -> {
                console.result(
                        "network   %d layers, %,d weights, norm %s%s",
                        coda.depth(), coda.parameters(), coda.norm(), coda.bias() ? "" : ", no bias");
                console.result(
                        "output    %d classes, temperature %s, logit bias %.4f",
                        coda.numClasses(), number(coda.temperature()), coda.logitBias());
            }
            case ResNetConfig residual -> {
                console.result(
                        "network   ResNet of %d layers, %,d weights, %s blocks of %s in stages of %s channels",
                        residual.depth(),
                        residual.parameters(),
                        residual.blocks(),
                        residual.bottleneck() ? "three convolutions" : "two convolutions",
                        residual.widths());
                console.result(
                        "output    %d classes; explained by post-hoc methods (codanet explain --method NAME)",
                        residual.numClasses());
                console.result("normalise mean %s, deviation %s", residual.mean(), residual.deviation());
            }
        }
    }

    private void layers(CodaNetConfig config, Optional<Preprocessing> images) {
        List<LayerExtent> extents =
                images.map(p -> config.extents(p.height(), p.width())).orElse(List.of());
        console.result("layer  in  out rank kernel stride padding     weights%s", extents.isEmpty() ? "" : "   output");
        for (int i = 0; i < config.depth(); i++) {
            LayerConfig layer = config.layers().get(i);
            String output = extents.isEmpty()
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            "%5d x %d",
                            extents.get(i).height(),
                            extents.get(i).width());
            console.result(
                    "%5d %3d %4d %4d %6d %6d %7d %,11d %s",
                    i,
                    layer.inChannels(),
                    layer.outChannels(),
                    layer.rank(),
                    layer.kernel(),
                    layer.stride(),
                    layer.padding(),
                    layer.parameters(),
                    output);
        }
    }

    private static JsonObject preprocessing(Preprocessing images) {
        JsonObject one = new JsonObject();
        one.addProperty("channels", images.channels());
        one.addProperty("height", images.height());
        one.addProperty("width", images.width());
        one.addProperty("resize", images.resize());
        return one;
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}

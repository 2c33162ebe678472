package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionArray;
import org.codanet.attribution.AttributionMethod;
import org.codanet.attribution.NetworkAttribution;
import org.codanet.attribution.TargetClasses;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Progress;
import org.codanet.cli.console.Version;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.InputOption;
import org.codanet.cli.option.MethodOption;
import org.codanet.cli.option.ModelOption;
import org.codanet.cli.option.PageOption;
import org.codanet.cli.option.StrictOption;
import org.codanet.cli.option.TargetOption;
import org.codanet.cli.option.ViewOption;
import org.codanet.data.batch.RawImages;
import org.codanet.explain.ContributionArray;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.IdentityCheck;
import org.codanet.explain.Target;
import org.codanet.input.ImageChunk;
import org.codanet.input.ImageInput;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.Networks;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.render.ColourRange;
import org.codanet.report.ExplanationFolder;
import org.codanet.report.ExplanationStrips;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Explains logits by the contributions of the pixels. */
@Command(
        name = "explain",
        description =
                "Explains the output of a network by the contributions of the pixels: as pictures and a page, or as an array.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet explain photo.png",
            "  codanet explain --model run/best.safetensors --input photos/ --target top3 --output maps/",
            "  codanet explain --model run/best.safetensors --input photo.png --target cat --against dog",
            "  codanet explain --model run/best.safetensors --input X.npy --target all --output C.npy",
            "  codanet explain --method intgrad --set n_steps=50 photo.png",
            "  codanet explain --strip ours,gcam,occ5 --layers --weights --output views/ photo.png",
            "",
            "C.npy has shape (N, targets, H, W), or with --channels (N, targets, channels, H, W). The channels are those of the"
                    + " network's input: (r, g, b, 1-r, 1-g, 1-b). The contributions to a target plus the logit bias equal the"
                    + " logit, up to rounding. The contributions of an image that cannot be read are NaN."
        })
public final class ExplainCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.explain/1";

    private static final int CHUNK_IMAGES = 16;
    private static final int PICTURED_CLASSES = 3;

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Mixin
    ModelOption modelOption;

    @Mixin
    InputOption inputOption;

    @Mixin
    StrictOption strictOption;

    @Mixin
    TargetOption targetOption;

    @Mixin
    MethodOption methodOption;

    @Mixin
    PageOption pageOption;

    @Mixin
    ViewOption viewOption;

    @Option(
            names = "--output",
            paramLabel = "DIR|C.npy",
            description = "Folder for pictures and a page, or an array file. Default: the folder codanet-explanation.")
    Path output;

    @Option(names = "--channels", description = "For arrays: write the contributions of each channel separately.")
    boolean channels;

    @Option(
            names = "--range",
            paramLabel = "X",
            description =
                    "For pictures: the contribution that full colour stands for in all images. Default: each image has its"
                            + " own range.")
    Float range;

    @Option(names = "--json", description = "Print one JSON object per image on standard output.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (methodOption.list) {
            MethodOption.print(console);
            return ExitCodes.SUCCESS;
        }
        boolean array =
                output != null && output.toString().toLowerCase(Locale.ROOT).endsWith(".npy");
        if (channels && !array) {
            throw new IllegalArgumentException("--channels applies to arrays only: --output must end in .npy");
        }
        if (pageOption.isSet() && array) {
            throw new IllegalArgumentException("--external-assets applies to pages only: --output must be a folder");
        }
        if (viewOption.isSet()) {
            return views(array);
        }
        if (!methodOption.isOurs()) {
            return attribute(array);
        }
        ModelFile file = modelOption.read();
        CodaNetConfig config = file.codaNetConfig();
        Target target = targetOption.of(config, Target.topK(array ? 1 : PICTURED_CLASSES));
        Detail detail = channels ? Detail.CHANNELS : Detail.POSITIONS;
        Optional<ColourRange> fixedRange = Optional.ofNullable(range).map(ColourRange::new);
        Path folder = output == null ? Path.of("codanet-explanation") : output;
        int images;
        try (ImageInput inputs = inputOption.open(file);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("explain");
                CodaNet net = CodaNet.load(file, device, scope);
                ContributionArray contributions = array ? new ContributionArray(output, inputs.count(), detail) : null;
                Progress progress = console.progress("explain", "images", inputs.count())) {
            ExplanationFolder pictures = array ? null : new ExplanationFolder(folder, net, fixedRange, inputs.count());
            Explainer explainer = new Explainer(net, deviceOption.memoryBytes());
            int explained = 0;
            while (inputs.remaining() > 0) {
                Optional<ImageChunk> next = inputs.nextReadable(CHUNK_IMAGES, (name, failure) -> {
                    leaveOut(name, failure);
                    if (array) {
                        contributions.addUnreadable();
                    }
                });
                progress.at(inputs.count() - inputs.remaining());
                if (next.isEmpty()) {
                    continue;
                }
                ImageChunk chunk = next.get();
                Explanation explanation = explainer.explain(chunk.batch(), target, detail);
                IdentityCheck.require(explanation, chunk.names(), config);
                if (array) {
                    contributions.add(explanation);
                } else {
                    pictures.add(chunk, explanation);
                }
                print(config, chunk.names(), explanation, !array);
                explained += chunk.count();
            }
            progress.finish();
            images = inputs.count();
            if (explained == 0) {
                return strictOption.report(console, images);
            }
            if (!array) {
                pictures.writePage(modelOption.name(), file, "codanet " + Version.number(), pageOption.form());
            }
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
        }
        console.say(
                array
                        ? "wrote " + output
                        : "open "
                                + folder.resolve("index.html").toAbsolutePath().toUri());
        return strictOption.report(console, images);
    }

    /** Computes maps by a post-hoc method and writes them as pictures or as an array. */
    private int attribute(boolean array) throws IOException {
        AttributionMethod method = methodOption.method();
        if (json) {
            throw new IllegalArgumentException(
                    "--json describes the contributions of the network; leave out --method or --json");
        }
        ModelFile file = modelOption.read();
        Target target = targetOption.of(file.config(), Target.topK(array ? 1 : PICTURED_CLASSES));
        Path place = output == null ? Path.of("codanet-explanation") : output;
        int images;
        try (ImageInput inputs = inputOption.open(file);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("explain");
                Network net = Networks.load(file, device, scope);
                AttributionArray maps = array ? new AttributionArray(place, inputs.count(), channels) : null;
                Progress progress = console.progress(methodOption.name(), "images", inputs.count())) {
            ExplanationFolder pictures = array
                    ? null
                    : new ExplanationFolder(
                            place, net, Optional.ofNullable(range).map(ColourRange::new), inputs.count());
            AttributedNetwork network = NetworkAttribution.of(net, deviceOption.memoryBytes());
            boolean remarked = false;
            while (inputs.remaining() > 0) {
                Optional<ImageChunk> next = inputs.nextReadable(CHUNK_IMAGES, (name, failure) -> {
                    leaveOut(name, failure);
                    if (array) {
                        maps.addUnreadable();
                    }
                });
                progress.at(inputs.count() - inputs.remaining());
                if (next.isEmpty()) {
                    continue;
                }
                ImageChunk chunk = next.get();
                RawImages.Floats values = new RawImages.Floats(chunk.values(), chunk.shape());
                List<List<Integer>> targets = TargetClasses.of(target, network.logits(values), network.classes());
                Attribution attribution = method.attribute(network, values, targets);
                if (!remarked && attribution.remark().isPresent()) {
                    console.say("note: " + attribution.remark().get());
                    remarked = true;
                }
                if (array) {
                    maps.add(attribution);
                } else {
                    pictures.add(chunk, methodOption.name(), attribution, targets);
                }
            }
            images = inputs.count();
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
        }
        console.say("wrote " + place);
        return strictOption.report(console, images);
    }

    /** Writes strips and dynamic weights. */
    private int views(boolean array) throws IOException {
        if (array || json || !methodOption.isOurs()) {
            throw new IllegalArgumentException(
                    "--strip, --layers and --weights write pictures; leave out --method, --json and a file of an array");
        }
        Map<String, AttributionMethod> methods = viewOption.methods();
        ModelFile file = modelOption.read();
        Target target = targetOption.of(file.config(), Target.topK(1));
        Path folder = output == null ? Path.of("codanet-explanation") : output;
        int images;
        try (ImageInput inputs = inputOption.open(file);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("explain");
                CodaNet net = CodaNet.load(file, device, scope);
                Progress progress = console.progress("explain", "images", inputs.count())) {
            Optional<ColourRange> fixedRange = Optional.ofNullable(range).map(ColourRange::new);
            ExplanationStrips strips = new ExplanationStrips(
                    new ExplanationFolder(folder, net, fixedRange, inputs.count()), net, fixedRange, viewOption.scale);
            Explainer explainer = new Explainer(net, deviceOption.memoryBytes());
            AttributedNetwork network = NetworkAttribution.of(net, deviceOption.memoryBytes());
            while (inputs.remaining() > 0) {
                Optional<ImageChunk> next = inputs.nextReadable(CHUNK_IMAGES, this::leaveOut);
                progress.at(inputs.count() - inputs.remaining());
                if (next.isEmpty()) {
                    continue;
                }
                ImageChunk chunk = next.get();
                float[] logits = network.logits(new RawImages.Floats(chunk.values(), chunk.shape()));
                List<List<Integer>> targets = TargetClasses.of(target, logits, network.classes());
                if (!methods.isEmpty()) {
                    strips.addMethods(chunk, network, methods, targets);
                }
                if (viewOption.layers) {
                    strips.addLayers(chunk, explainer, targets);
                }
                if (viewOption.weights) {
                    strips.addWeights(chunk, targets);
                }
            }
            images = inputs.count();
        }
        console.say("wrote " + folder);
        return strictOption.report(console, images);
    }

    private void leaveOut(String name, IOException failure) throws IOException {
        if (strictOption.isStrict()) {
            throw failure;
        }
        String reason = strictOption.add(failure);
        if (json) {
            JsonObject image = Console.json(SCHEMA);
            image.addProperty("image", name);
            image.addProperty("error", reason);
            console.result(image);
        }
    }

    private void print(CodaNetConfig config, List<String> names, Explanation explanation, boolean text) {
        for (int n = 0; n < explanation.images(); n++) {
            if (json) {
                console.result(asJson(config, names.get(n), explanation, n));
            } else if (text) {
                console.result(names.get(n));
                for (int t = 0; t < explanation.targets(); t++) {
                    int k = explanation.classes(n).get(t);
                    String label = config.label(k)
                            + explanation
                                    .against()
                                    .map(o -> " against " + config.label(o))
                                    .orElse("");
                    console.result(
                            "  %5.1f %%  %-20s pixels %8.3f + bias %6.3f = %8.3f  (difference %.1e)",
                            100 * explanation.probability(n, k),
                            label,
                            explanation.evidence(n, t),
                            explanation.bias(),
                            explanation.value(n, t),
                            explanation.identityError(n, t));
                }
            }
        }
    }

    private static JsonObject asJson(CodaNetConfig config, String name, Explanation explanation, int n) {
        JsonObject image = Console.json(SCHEMA);
        image.addProperty("image", name);
        image.addProperty("predicted", explanation.predicted(n));
        JsonArray targets = new JsonArray();
        for (int t = 0; t < explanation.targets(); t++) {
            int k = explanation.classes(n).get(t);
            JsonObject one = new JsonObject();
            one.addProperty("class", k);
            one.addProperty("label", config.label(k));
            explanation.against().ifPresent(o -> one.addProperty("against", o));
            one.addProperty("value", explanation.value(n, t));
            one.addProperty("probability", explanation.probability(n, k));
            one.addProperty("evidence", explanation.evidence(n, t));
            one.addProperty("bias", explanation.bias());
            one.addProperty("identity_error", explanation.identityError(n, t));
            one.addProperty("tolerance", explanation.tolerance(n, t));
            targets.add(one);
        }
        image.add("targets", targets);
        return image;
    }
}

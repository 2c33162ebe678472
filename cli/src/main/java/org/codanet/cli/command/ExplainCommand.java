package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Progress;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.InputOption;
import org.codanet.cli.option.Inputs;
import org.codanet.cli.option.ModelOption;
import org.codanet.cli.option.TargetOption;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.file.npy.NpyWriter;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Explains logits by the contributions of pixels. */
@Command(
        name = "explain",
        description =
                "Explains what a network sees in images: pictures and a page, or exact contributions as an array.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet explain photo.png",
            "  codanet explain --model run/best.safetensors --input photos/ --target top3 --output maps/",
            "  codanet explain --model run/best.safetensors --input photo.png --target cat --against dog",
            "  codanet explain --model run/best.safetensors --input X.npy --target all --output C.npy",
            "",
            "C.npy is (N, targets, H, W); with --channels (N, targets, channels, H, W), channels being those of the network's"
                    + " input: (r, g, b, 1-r, 1-g, 1-b). The contributions of each target and the logit bias add up to the"
                    + " logit."
        })
public final class ExplainCommand implements Callable<Integer> {
    /** Name and version of the form of {@code --json}. */
    public static final String SCHEMA = "codanet.explain/1";

    private static final int CHUNK = 16;

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Mixin
    ModelOption modelOption;

    @Mixin
    InputOption inputOption;

    @Mixin
    TargetOption targetOption;

    @Option(
            names = "--output",
            paramLabel = "DIR|C.npy",
            description =
                    "A folder for pictures and a page, or an array file. Default: the folder codanet-explanation.")
    Path output;

    @Option(names = "--channels", description = "In an array: the contributions of each channel apart.")
    boolean channels;

    @Option(
            names = "--range",
            paramLabel = "X",
            description =
                    "In pictures: the contribution that full colour stands for, the same for all. Default: each image's"
                            + " own.")
    Float range;

    @Option(names = "--json", description = "One JSON object an image on standard output.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        boolean array =
                output != null && output.toString().toLowerCase(Locale.ROOT).endsWith(".npy");
        if (channels && !array) {
            throw new IllegalArgumentException("--channels is for arrays: --output must end in .npy");
        }
        ModelFile file = modelOption.read();
        CodaNetConfig config = file.config();
        Target target = targetOption.of(config, array ? "top1" : "top3");
        Path folder = output == null ? Path.of("codanet-explanation") : output;
        try (Inputs inputs = inputOption.open(file);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("explain");
                CodaNet net = CodaNet.load(file, device, scope);
                ArraySink sink = array ? new ArraySink(inputs.count()) : null;
                PictureSink pictures = array ? null : new PictureSink(folder, range, inputs.count());
                Progress progress = console.progress("explain", "images", inputs.count())) {
            Explainer explainer = new Explainer(net, deviceOption.memoryBytes());
            int done = 0;
            while (done < inputs.count()) {
                Inputs.Chunk chunk = inputs.next(CHUNK);
                Explanation explanation =
                        explainer.explain(chunk.batch(), target, channels ? Detail.CHANNELS : Detail.POSITIONS);
                requireIdentity(explanation, chunk, config);
                if (sink == null) {
                    pictures.add(net, chunk, explanation);
                } else {
                    sink.add(explanation);
                }
                print(net, chunk, explanation, sink == null);
                done += chunk.count();
                progress.at(done);
            }
            if (pictures != null) {
                pictures.writePage(modelOption.name(), file, device);
            }
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
        }
        if (array) {
            console.say("wrote " + output);
        } else {
            console.say("open " + folder.resolve("index.html").toAbsolutePath().toUri());
        }
        return 0;
    }

    /** An explanation that does not add up is no explanation: the command fails. */
    private static void requireIdentity(Explanation explanation, Inputs.Chunk chunk, CodaNetConfig config) {
        for (int n = 0; n < explanation.images(); n++) {
            for (int t = 0; t < explanation.targets(); t++) {
                if (!(explanation.identityError(n, t) <= explanation.tolerance(n, t))) {
                    throw new IllegalStateException(String.format(
                            Locale.ROOT,
                            "%s, class %s: the contributions add up to %.6g and the bias is %.6g, but the logit is %.6g;"
                                    + " rounding explains a difference of %.2g, not %.2g",
                            chunk.names().get(n),
                            config.label(explanation.classes(n).get(t)),
                            explanation.evidence(n, t),
                            explanation.bias(),
                            explanation.value(n, t),
                            explanation.tolerance(n, t),
                            explanation.identityError(n, t)));
                }
            }
        }
    }

    private void print(CodaNet net, Inputs.Chunk chunk, Explanation explanation, boolean text) {
        for (int n = 0; n < explanation.images(); n++) {
            if (json) {
                console.result(asJson(net.config(), chunk.names().get(n), explanation, n));
            } else if (text) {
                console.result(chunk.names().get(n));
                for (int t = 0; t < explanation.targets(); t++) {
                    int k = explanation.classes(n).get(t);
                    String label = net.config().label(k)
                            + explanation
                                    .against()
                                    .map(o -> " against " + net.config().label(o))
                                    .orElse("");
                    console.result(
                            "  %5.1f %%  %-20s pixels %8.3f + bias %6.3f = %8.3f  (off by %.1e)",
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

    /** Contributions as they come, into one array file, which is opened when the first show how many targets there are. */
    private final class ArraySink implements AutoCloseable {
        private final int images;
        private NpyWriter writer;

        ArraySink(int images) {
            this.images = images;
        }

        void add(Explanation explanation) throws IOException {
            int t = explanation.targets();
            int h = explanation.height();
            int w = explanation.width();
            if (writer == null) {
                writer = NpyWriter.create(
                        output, channels ? List.of(images, t, explanation.channels(), h, w) : List.of(images, t, h, w));
            }
            FloatBuffer values = channels ? explanation.channelContributions() : explanation.contributions();
            float[] floats = new float[values.remaining()];
            values.get(floats);
            writer.append(floats);
        }

        @Override
        public void close() throws IOException {
            if (writer != null) {
                writer.close();
            }
        }
    }
}

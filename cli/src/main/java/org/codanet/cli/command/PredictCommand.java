package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Progress;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.InputOption;
import org.codanet.cli.option.ModelOption;
import org.codanet.cli.option.StrictOption;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.ClassRanking;
import org.codanet.explain.ClassScore;
import org.codanet.file.npy.NpyWriter;
import org.codanet.input.ImageChunk;
import org.codanet.input.ImageInput;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.Networks;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.report.PredictionTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Classifies images. */
@Command(
        name = "predict",
        description =
                "Classifies images: prints the best classes of each image, or writes them to a table, or all logits to an array.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet predict photo.png",
            "  codanet predict --model run/best.safetensors --input a.jpg b.jpg --top 3",
            "  codanet predict --model run/best.safetensors --input photos/ --top 1 --csv predictions.csv",
            "  codanet predict --model run/best.safetensors --input X.npy --output Y.npy"
        })
public final class PredictCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.predict/1";

    private static final int CHUNK_IMAGES = 64;

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

    private final PredictionTable table = new PredictionTable();

    @Option(
            names = "--output",
            paramLabel = "Y.npy",
            description =
                    "Write the logits to an array (N, classes) of float32 instead of printing classes. The logits of an"
                            + " image that cannot be read are NaN.")
    Path output;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description =
                    "Write the best classes of each image to a table instead of printing them: one line per image and class, with"
                            + " image, rank, class, label, probability, logit and error.")
    Path csv;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "5",
            description = "Number of classes to list per image. Default: ${DEFAULT-VALUE}.")
    int top;

    @Option(names = "--json", description = "Print one JSON object per image instead of text.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (top < 1) {
            throw new IllegalArgumentException("--top must be at least 1, got " + top);
        }
        ModelFile file = modelOption.read();
        int images;
        try (ImageInput inputs = inputOption.open(file);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("predict");
                Network net = Networks.load(file, device, scope);
                NpyWriter writer = output == null ? null : NpyWriter.create(output, outputShape(inputs, file));
                Progress progress = console.progress("predict", "images", inputs.count())) {
            Evaluator evaluator = new Evaluator(net, deviceOption.memoryBytes());
            while (inputs.remaining() > 0) {
                Optional<ImageChunk> next = inputs.nextReadable(
                        CHUNK_IMAGES,
                        (name, failure) ->
                                leaveOut(name, failure, writer, file.config().numClasses()));
                progress.at(inputs.count() - inputs.remaining());
                if (next.isEmpty()) {
                    continue;
                }
                ImageChunk chunk = next.get();
                float[] logits = evaluator.logits(chunk.values(), chunk.shape());
                if (writer != null) {
                    writer.append(logits);
                }
                if (csv != null) {
                    for (int n = 0; n < chunk.count(); n++) {
                        table.add(chunk.names().get(n), ClassRanking.of(net.config(), net.loss(), logits, n, top));
                    }
                }
                if (printsResults()) {
                    print(net, chunk, logits);
                }
            }
            progress.finish();
            images = inputs.count();
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
        }
        if (csv != null) {
            table.write(csv);
            console.say("wrote " + csv);
        }
        if (output != null) {
            console.say("wrote " + output);
        }
        return strictOption.report(console, images);
    }

    private boolean printsResults() {
        return output == null && csv == null;
    }

    private void leaveOut(String name, IOException failure, NpyWriter writer, int classes) throws IOException {
        if (strictOption.isStrict()) {
            throw failure;
        }
        String reason = strictOption.add(failure);
        if (writer != null) {
            float[] logits = new float[classes];
            Arrays.fill(logits, Float.NaN);
            writer.append(logits);
        }
        table.addUnreadable(name, reason);
        if (json && printsResults()) {
            JsonObject image = Console.json(SCHEMA);
            image.addProperty("image", name);
            image.addProperty("error", reason);
            console.result(image);
        }
    }

    private static List<Integer> outputShape(ImageInput inputs, ModelFile file) {
        return List.of(inputs.count(), file.config().numClasses());
    }

    private void print(Network net, ImageChunk chunk, float[] logits) {
        for (int n = 0; n < chunk.count(); n++) {
            List<ClassScore> ranking = ClassRanking.of(net.config(), net.loss(), logits, n, top);
            if (json) {
                JsonObject image = Console.json(SCHEMA);
                image.addProperty("image", chunk.names().get(n));
                image.add("classes", asJson(ranking));
                console.result(image);
            } else {
                console.result(chunk.names().get(n));
                for (ClassScore score : ranking) {
                    console.result(
                            "  %5.1f %%  %-20s logit %8.3f", 100 * score.probability(), score.label(), score.logit());
                }
            }
        }
    }

    private static JsonArray asJson(List<ClassScore> ranking) {
        JsonArray classes = new JsonArray();
        for (ClassScore score : ranking) {
            JsonObject one = new JsonObject();
            one.addProperty("class", score.index());
            one.addProperty("label", score.label());
            one.addProperty("logit", score.logit());
            one.addProperty("probability", score.probability());
            classes.add(one);
        }
        return classes;
    }
}

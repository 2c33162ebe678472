package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Progress;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.InputOption;
import org.codanet.cli.option.ModelOption;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.ClassRanking;
import org.codanet.explain.ClassScore;
import org.codanet.file.npy.NpyWriter;
import org.codanet.input.ImageChunk;
import org.codanet.input.ImageInput;
import org.codanet.model.CodaNet;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Classifies images. */
@Command(
        name = "predict",
        description = "Classifies images: prints the best classes of each image, or writes all logits to an array.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet predict photo.png",
            "  codanet predict --model run/best.safetensors --input a.jpg b.jpg --top 3",
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

    @Option(
            names = "--output",
            paramLabel = "Y.npy",
            description = "Write the logits to an array (N, classes) of float32 instead of printing classes.")
    Path output;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "5",
            description = "Number of classes to print per image. Default: ${DEFAULT-VALUE}.")
    int top;

    @Option(names = "--json", description = "Print one JSON object per image instead of text.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (top < 1) {
            throw new IllegalArgumentException("--top must be at least 1, got " + top);
        }
        ModelFile file = modelOption.read();
        try (ImageInput inputs = inputOption.open(file);
                Device device = deviceOption.open(console);
                Scope scope = Scope.open("predict");
                CodaNet net = CodaNet.load(file, device, scope);
                NpyWriter writer = output == null ? null : NpyWriter.create(output, outputShape(inputs, file));
                Progress progress = console.progress("predict", "images", inputs.count())) {
            Evaluator evaluator = new Evaluator(net, deviceOption.memoryBytes());
            int done = 0;
            while (done < inputs.count()) {
                ImageChunk chunk = inputs.next(CHUNK_IMAGES);
                float[] logits = evaluator.logits(chunk.values(), chunk.shape());
                if (writer == null) {
                    print(net, chunk, logits);
                } else {
                    writer.append(logits);
                }
                done += chunk.count();
                progress.at(done);
            }
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
        }
        if (output != null) {
            console.say("wrote " + output);
        }
        return 0;
    }

    private static List<Integer> outputShape(ImageInput inputs, ModelFile file) {
        return List.of(inputs.count(), file.config().numClasses());
    }

    private void print(CodaNet net, ImageChunk chunk, float[] logits) {
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

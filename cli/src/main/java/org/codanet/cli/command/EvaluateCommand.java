package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.CountedSource;
import org.codanet.cli.console.Progress;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.HeldOutOption;
import org.codanet.cli.option.ModelOption;
import org.codanet.cli.option.StrictOption;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.evaluate.Evaluation;
import org.codanet.evaluate.Evaluator;
import org.codanet.model.ModelFile;
import org.codanet.model.Network;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Networks;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.train.EvaluationData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Evaluates a trained network on labelled images. */
@Command(
        name = "evaluate",
        description =
                "Evaluates a trained network on labelled images: top-1 and top-5 accuracy, loss, and accuracy per class.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet evaluate --model run/best.safetensors --data cifar-10-batches-bin",
            "  codanet evaluate --model net.safetensors --data photos/ --split train --json"
        })
public final class EvaluateCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.evaluate/1";

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Mixin
    ModelOption modelOption;

    @Mixin
    StrictOption strictOption;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description =
                    "Folder with CIFAR-10, CIFAR-100, MNIST, Fashion-MNIST, NumPy arrays, or pictures in test/CLASS/.")
    Path folder;

    @Mixin
    HeldOutOption heldOut;

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "Part of the data: test or train. Default: ${DEFAULT-VALUE}.")
    Split split;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "64",
            description = "Batch size. Default: ${DEFAULT-VALUE}.")
    int batch;

    @Option(names = "--json", description = "Print one JSON object instead of text.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (batch < 1) {
            throw new IllegalArgumentException("--batch must be at least 1, got " + batch);
        }
        ModelFile file = modelOption.read();
        ImageDataset files = heldOut.open(folder, split);
        EvaluationData data =
                EvaluationData.of(files, file, Runtime.getRuntime().availableProcessors(), strictOption.unreadable());
        ImageDataset images = data.images();
        console.say("data: " + images.description());
        images.remarks().forEach(remark -> console.say("data: " + remark));
        try (Device device = deviceOption.open(console);
                Scope scope = Scope.open("evaluate");
                Network net = Networks.load(file, device, scope);
                Progress progress = console.progress("evaluate", "images", images.size())) {
            CountedSource source = new CountedSource(data.batches(batch), progress::at);
            Evaluation evaluation = new Evaluator(net, deviceOption.memoryBytes()).evaluate(source);
            progress.finish();
            if (json) {
                console.result(asJson(evaluation, file.config(), images));
            } else {
                print(evaluation, file.config());
            }
            console.say("peak native memory: " + ByteSize.text(device.memory().peak()));
        }
        return strictOption.report(console, files.size());
    }

    private void print(Evaluation evaluation, NetworkConfig config) {
        console.result("images  %,d", evaluation.images());
        console.result("top-1   %.2f %%", 100 * evaluation.top1());
        console.result("top-5   %.2f %%", 100 * evaluation.top5());
        console.result("loss    %.4f", evaluation.loss());
        console.result("");
        console.result("%-20s %8s %8s   most often mistaken for", "class", "images", "top-1");
        for (int k = 0; k < config.numClasses(); k++) {
            console.result(
                    "%-20s %8d %8s   %s",
                    config.label(k), evaluation.images(k), share(evaluation, k), mistakenFor(evaluation, config, k));
        }
    }

    /** The top-1 accuracy of a class, or a dash if the data has no image of it. */
    private static String share(Evaluation evaluation, int label) {
        return evaluation.images(label) == 0
                ? "-"
                : String.format(Locale.ROOT, "%.1f %%", 100 * evaluation.top1(label));
    }

    private static String mistakenFor(Evaluation evaluation, NetworkConfig config, int label) {
        int most = -1;
        for (int k = 0; k < config.numClasses(); k++) {
            boolean more = most < 0
                    || evaluation.confusion().get(label).get(k)
                            > evaluation.confusion().get(label).get(most);
            if (k != label && more) {
                most = k;
            }
        }
        long count = most < 0 ? 0 : evaluation.confusion().get(label).get(most);
        return count == 0 ? "-" : String.format(Locale.ROOT, "%s (%d)", config.label(most), count);
    }

    private static JsonObject asJson(Evaluation evaluation, NetworkConfig config, ImageDataset dataset) {
        JsonObject result = Console.json(SCHEMA);
        result.addProperty("data", dataset.name());
        result.addProperty("images", evaluation.images());
        result.addProperty("top1", evaluation.top1());
        result.addProperty("top5", evaluation.top5());
        result.addProperty("loss", evaluation.loss());
        JsonArray classes = new JsonArray();
        for (int k = 0; k < config.numClasses(); k++) {
            JsonObject one = new JsonObject();
            one.addProperty("class", k);
            one.addProperty("label", config.label(k));
            one.addProperty("images", evaluation.images(k));
            one.addProperty("top1", evaluation.images(k) == 0 ? null : evaluation.top1(k));
            JsonArray taken = new JsonArray();
            evaluation.confusion().get(k).forEach(taken::add);
            one.add("taken_for", taken);
            classes.add(one);
        }
        result.add("classes", classes);
        return result;
    }
}

package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.NetworkOption;
import org.codanet.data.batch.RawImages;
import org.codanet.measure.Task;
import org.codanet.model.Network;
import org.codanet.model.Networks;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.recipe.TrainingRecipe;
import org.codanet.run.ExplanationPass;
import org.codanet.run.LogitsPass;
import org.codanet.run.MemoryPlan;
import org.codanet.run.PassDefinition;
import org.codanet.run.TrainingPass;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Predicts the native memory of a task without running it. */
@Command(
        name = "plan",
        description = "Predicts the native memory that a network needs, without running it.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet plan 9L-S-CoDA-SQ-1000 --for train --batch 64",
            "  codanet plan run/best.safetensors --for explain_all --batch 16 --memory 1g",
            "  codanet plan net.json --size 240 --json"
        })
public final class PlanCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    static final String SCHEMA = "codanet.plan/1";

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Parameters(
            arity = "0..1",
            paramLabel = "NETWORK",
            description = "Name of an experiment, a model file, or a config (.json).")
    String network;

    @Option(
            names = {"--experiment", "--model", "--config"},
            paramLabel = "NETWORK",
            description = "Same as the argument NETWORK.")
    String named;

    @Option(
            names = "--for",
            paramLabel = "TASK",
            defaultValue = "train",
            description =
                    "forward, explain (one class), explain_all (every class) or train. Default: ${DEFAULT-VALUE}.")
    Task task;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "16",
            description = "Batch size. Default: ${DEFAULT-VALUE}.")
    int batch;

    @Option(
            names = "--size",
            paramLabel = "HxW",
            description = "Height and width of the images in pixels. Default: those of the network.")
    String size;

    @Option(
            names = "--lambda",
            paramLabel = "X",
            description =
                    "Weight of the linear-map regulariser in training. Default: that of the recipe, or 0 without a recipe.")
    Double lambda;

    @Option(names = "--json", description = "Print one JSON object instead of text.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (network == null && named == null) {
            throw new IllegalArgumentException("no network is given: name an experiment, a model file or a config");
        }
        if (network != null && named != null) {
            throw new IllegalArgumentException(
                    network + " and " + named + " are both given as the network; give only one of them");
        }
        if (batch < 1) {
            throw new IllegalArgumentException("--batch must be at least 1, got " + batch);
        }
        if (lambda != null && !(lambda >= 0)) {
            throw new IllegalArgumentException("--lambda must be 0 or above, got " + lambda);
        }
        NetworkOption option = NetworkOption.of(network == null ? named : network, size);
        option.requireCountable(batch);
        try (Device device = deviceOption.open(console);
                Scope scope = Scope.open("plan");
                Network net = Networks.create(option.config(), option.loss(), device, scope, 0)) {
            PassDefinition planned = pass(option);
            MemoryPlan plan = MemoryPlan.of(net, planned);
            int fitting = deviceOption.memoryBytes() == 0
                    ? batch
                    : MemoryPlan.largestBatch(net, planned, deviceOption.memoryBytes(), batch);
            if (json) {
                console.result(asJson(option, plan, fitting));
            } else {
                print(option, plan, fitting);
            }
        }
        return 0;
    }

    /** The pass to measure. The plan assumes that images are float32 values. */
    private PassDefinition pass(NetworkOption option) {
        RawImages.Form images = new RawImages.Form(
                Shape.of(batch, option.config().imageChannels(), option.height(), option.width()), null, false, 0);
        if (task == Task.EXPLAIN || task == Task.EXPLAIN_ALL) {
            option.config().requireCodaNet();
        }
        return switch (task) {
            case FORWARD -> new LogitsPass(images);
            case EXPLAIN -> explanation(images, new ExplanationPass.HighestLogits(1));
            case EXPLAIN_ALL ->
                explanation(
                        images, new ExplanationPass.NamedClasses(option.config().numClasses()));
            case TRAIN -> new TrainingPass(images, option.loss(), batch, isRegularised(option) ? 1 : 0);
        };
    }

    private static ExplanationPass explanation(RawImages.Form images, ExplanationPass.Targets targets) {
        return new ExplanationPass(images, 0, false, targets, targets.count());
    }

    /** The memory of the regulariser does not depend on its weight, except that a weight of 0 switches it off. */
    private boolean isRegularised(NetworkOption option) {
        double weight =
                lambda == null ? option.recipe().map(TrainingRecipe::lambda).orElse(0.0) : lambda;
        return weight > 0;
    }

    private void print(NetworkOption option, MemoryPlan plan, int fitting) {
        console.result(
                "%s, %s, batch %d of %d x %d pixels",
                option.name(), task.option(), batch, option.height(), option.width());
        for (MemoryPlan.Line line : plan.lines()) {
            console.result("  %-34s %14s", line.name(), ByteSize.text(line.bytes()));
        }
        console.result("  %-34s %14s", "at the peak", ByteSize.text(plan.totalBytes()));
        if (fitting < batch) {
            console.result(
                    "  within %s: micro-batches of %d images", ByteSize.text(deviceOption.memoryBytes()), fitting);
        }
    }

    private JsonObject asJson(NetworkOption option, MemoryPlan plan, int fitting) {
        JsonObject result = Console.json(SCHEMA);
        result.addProperty("network", option.name());
        result.addProperty("what", task.option());
        result.addProperty("batch", batch);
        result.addProperty("height", option.height());
        result.addProperty("width", option.width());
        JsonArray lines = new JsonArray();
        for (MemoryPlan.Line line : plan.lines()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", line.name());
            one.addProperty("bytes", line.bytes());
            lines.add(one);
        }
        result.add("lines", lines);
        result.addProperty("total_bytes", plan.totalBytes());
        result.addProperty("batch_within_budget", fitting);
        return result;
    }
}

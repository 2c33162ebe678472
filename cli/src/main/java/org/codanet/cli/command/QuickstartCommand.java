package org.codanet.cli.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Interruption;
import org.codanet.cli.console.TrainingDisplay;
import org.codanet.cli.console.Version;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.PageOption;
import org.codanet.cli.option.StrictOption;
import org.codanet.nn.device.Device;
import org.codanet.quickstart.Quickstart;
import org.codanet.train.RunLock;
import org.codanet.train.Trainer;
import org.codanet.train.TrainingSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a small network and writes a page of explanations, see {@link Quickstart}. */
@Command(
        name = "quickstart",
        description = "Trains a small network on real images, evaluates it, and writes a page with explanations.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet quickstart",
            "  codanet quickstart --out first-run --data cifar-10-batches-bin",
            "",
            "Without --data it trains on the part of Fashion-MNIST that comes with the program. It needs no internet connection."
        })
public final class QuickstartCommand implements Callable<Integer> {
    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Mixin
    PageOption pageOption;

    @Mixin
    StrictOption strictOption;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "codanet-quickstart",
            description = "Folder for model, metrics, curve and page. Default: ${DEFAULT-VALUE}.")
    Path out;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder with CIFAR-10, MNIST or Fashion-MNIST to train on instead.")
    Path data;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Number of passes over the training images. Default: depends on the data.")
    Integer epochs;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of everything random. Default: ${DEFAULT-VALUE}.")
    long seed;

    @Override
    public Integer call() throws IOException {
        Quickstart quickstart = Quickstart.prepare(
                new Quickstart.Options(
                        out,
                        Optional.ofNullable(data),
                        epochs == null ? OptionalInt.empty() : OptionalInt.of(epochs),
                        seed,
                        deviceOption.memoryBytes(),
                        pageOption.form(),
                        strictOption.unreadable()),
                Runtime.getRuntime().availableProcessors());
        console.say("data: " + quickstart.setup().training().description());
        Stream.of(quickstart.setup().training(), quickstart.setup().test())
                .flatMap(images -> images.remarks().stream())
                .distinct()
                .forEach(remark -> console.say("data: " + remark));
        strictOption.announce(console);
        try (RunLock _ = RunLock.of(out);
                Device device = deviceOption.open(console);
                TrainingDisplay display =
                        new TrainingDisplay(console, quickstart.setup().recipe().epochs());
                TrainingSession session = quickstart.start(device, display)) {
            display.onOutputClosed(session::stop);
            Trainer.Result result;
            try (Interruption _ = new Interruption(session::stop)) {
                result = session.train();
            }
            display.finish();
            if (!result.finished()) {
                quickstart.discard();
                if (display.isOutputClosed()) {
                    return ExitCodes.OUTPUT_CLOSED;
                }
                console.warn("stopped before the network was trained; no page is written");
                return ExitCodes.INTERRUPTED;
            }
            console.say("explaining " + quickstart.setup().test().name());
            Quickstart.Outcome outcome = quickstart.finish(session, result, "codanet " + Version.number());
            console.result("accuracy  %.2f %% of %,d held-out images", 100 * outcome.accuracy(), outcome.images());
            console.result("model     %s", outcome.model());
            console.result("metrics   %s", outcome.metrics());
            console.result("page      %s", outcome.page().toAbsolutePath().toUri());
        }
        return strictOption.report(console);
    }
}

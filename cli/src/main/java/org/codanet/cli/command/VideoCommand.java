package org.codanet.cli.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Interruption;
import org.codanet.cli.console.Progress;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.option.ModelOption;
import org.codanet.explain.ClassNames;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.pipeline.ImagePipeline;
import org.codanet.render.ColourRange;
import org.codanet.video.VideoExplanation;
import org.codanet.video.VideoSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Explains a video. */
@Command(
        name = "video",
        description = {
            "Explains every frame of a video for one class, and writes a video with each frame beside its map. All maps have the same"
                    + " colours. Memory does not grow with the length of the video.",
            "GIF files need nothing else. Other videos are decoded and encoded by the program ffmpeg, if it is installed."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet video cat.gif --out cat-explained.gif",
            "  codanet video dog.mp4 --model run/best.safetensors --class dog --start 2 --end 6 --out dog-explained.mp4",
            "  codanet video street.mp4 --box 0.25,0,0.75,1 --out street-explained.gif"
        })
public final class VideoCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.video/1";

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Mixin
    ModelOption modelOption;

    @Parameters(paramLabel = "IN", description = "The video: .gif, or .mp4 and other formats that ffmpeg reads.")
    Path input;

    @Option(
            names = "--class",
            paramLabel = "CLASS",
            description =
                    "Name or index of the class to explain. Default: the class that is predicted for the most frames.")
    String target;

    @Option(
            names = "--start",
            paramLabel = "S",
            defaultValue = "0",
            description = "Where to begin, in seconds. Default: ${DEFAULT-VALUE}.")
    double start;

    @Option(names = "--end", paramLabel = "S", description = "Where to end, in seconds. Default: the end of the video.")
    Double end;

    @Option(
            names = "--box",
            paramLabel = "L,T,R,B",
            split = ",",
            description =
                    "The part of each frame that the network reads: left, top, right, bottom as shares of width and height from 0 to 1."
                            + " Default: the whole frame.")
    List<Double> box;

    @Option(
            names = "--range",
            paramLabel = "X",
            description =
                    "The contribution that full colour stands for. Default: the 99.75th percentile of up to 32 frames of the video.")
    Float range;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "OUT",
            description = "The video to write: .gif, or .mp4 and other formats that ffmpeg writes.")
    Path output;

    @Option(names = "--json", description = "Print the result as one JSON object.")
    boolean json;

    private volatile boolean stopped;

    @Override
    public Integer call() throws IOException {
        if (box != null && box.size() != 4) {
            throw new IllegalArgumentException(
                    "--box has " + box.size() + " numbers; it needs left, top, right, bottom");
        }
        ModelFile model = modelOption.read();
        CodaNetConfig config = model.codaNetConfig();
        VideoSettings settings = new VideoSettings(
                target == null ? OptionalInt.empty() : OptionalInt.of(new ClassNames(config).index(target)),
                start,
                end == null ? Double.POSITIVE_INFINITY : end,
                box == null
                        ? VideoSettings.Box.WHOLE
                        : new VideoSettings.Box(box.get(0), box.get(1), box.get(2), box.get(3)),
                Optional.ofNullable(range).map(ColourRange::new));
        Optional<VideoExplanation.Result> result;
        try (Interruption _ = new Interruption(() -> stopped = true);
                Device device = deviceOption.open(console);
                ImagePipeline pipeline = ImagePipeline.open(model, device);
                Display display = new Display()) {
            result = new VideoExplanation(pipeline, settings, display).explain(input, output);
        }
        if (result.isEmpty()) {
            console.warn("interrupted; nothing was written");
            return 1;
        }
        print(config, result.get());
        console.say("wrote " + output);
        return ExitCodes.SUCCESS;
    }

    private void print(CodaNetConfig config, VideoExplanation.Result result) {
        if (json) {
            JsonObject object = Console.json(SCHEMA);
            object.addProperty("frames", result.frames());
            object.addProperty("class", result.target());
            object.addProperty("label", config.label(result.target()));
            object.addProperty("range", result.range().limit());
            object.addProperty("frames_per_second", result.framesPerSecond());
            object.addProperty("temporal_stability", result.stability());
            object.addProperty("frame_correlation", result.frameStability());
            console.result(object);
            return;
        }
        console.result(
                "%d frames explained for %s, %.1f frames per second, full colour %.3g",
                result.frames(),
                config.label(result.target()),
                result.framesPerSecond(),
                result.range().limit());
        console.result(
                "temporal stability %.3f (mean correlation of consecutive maps; that of the frames is %.3f)",
                result.stability(), result.frameStability());
    }

    /** Shows the progress of both passes. */
    private final class Display implements VideoExplanation.Listener, AutoCloseable {
        private Progress progress;

        @Override
        public boolean surveyed(int frames) {
            return !stopped;
        }

        @Override
        public boolean explained(int done, int of) {
            if (progress == null) {
                progress = console.progress("video", "frames", of);
            }
            progress.at(done);
            return !stopped;
        }

        @Override
        public void close() {
            if (progress != null) {
                progress.close();
            }
        }
    }
}

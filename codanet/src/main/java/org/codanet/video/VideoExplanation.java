package org.codanet.video;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.image.Pixels;
import org.codanet.explain.ClassScore;
import org.codanet.explain.Target;
import org.codanet.input.BufferedPixels;
import org.codanet.input.ImageChunk;
import org.codanet.input.PicturePreparation;
import org.codanet.pipeline.ImagePipeline;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.report.ExplainedImage;

/**
 * Explains every frame of a video for one class, and writes a video with each frame beside its map. All maps have one range of colours.
 *
 * <p>The video is read twice. The first pass counts the frames, and finds the class and the range if they are not given: the class that is
 * predicted most often, and the 99.75th percentile of the contributions in up to {@value #SAMPLES} evenly spaced frames. The second pass
 * explains and writes. Both hold {@value #BATCH} frames at a time.
 */
public final class VideoExplanation {
    private static final int BATCH = 8;
    private static final int SAMPLES = 32;
    private static final int SIDE = 224;
    private static final int GAP = 8;

    private final ImagePipeline pipeline;
    private final PicturePreparation preparation;
    private final VideoSettings settings;
    private final Listener listener;

    /** Receives the progress. */
    public interface Listener {
        /** Some frames were read by the first pass. @return whether to continue */
        boolean surveyed(int frames);

        /** Some frames were explained and written. @return whether to continue */
        boolean explained(int done, int of);
    }

    /**
     * What was explained.
     *
     * @param frames number of frames
     * @param target the class
     * @param range the contribution that full colour stands for
     * @param seconds that the second pass took
     * @param stability mean correlation of the maps of consecutive frames, from -1 to 1
     * @param frameStability mean correlation of the consecutive frames themselves, to compare with
     */
    public record Result(
            int frames, int target, ColourRange range, double seconds, double stability, double frameStability) {
        /** {@return frames that were read, explained and written in a second} */
        public double framesPerSecond() {
            return frames / seconds;
        }
    }

    /** The first pass. */
    private record Survey(int frames, double seconds, int target, ColourRange range) {}

    /** An explanation of videos. */
    public VideoExplanation(ImagePipeline pipeline, VideoSettings settings, Listener listener) {
        this.pipeline = pipeline;
        this.preparation = new PicturePreparation(pipeline.preprocessing());
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Explains a video.
     *
     * @param in a GIF file, or a video that ffmpeg can read
     * @param out a name that ends in {@code .gif}, {@code .mp4} or that of another format that ffmpeg can write
     * @return empty if the listener stopped it; then no file is written
     * @throws IOException if the video has no frame in the given time, is damaged, or a file cannot be read or written
     */
    public Optional<Result> explain(Path in, Path out) throws IOException {
        VideoFormat.of(out);
        Optional<Survey> survey = survey(in);
        if (survey.isEmpty()) {
            return Optional.empty();
        }
        Survey found = survey.get();
        Stability maps = new Stability();
        Stability frames = new Stability();
        long start = System.nanoTime();
        try (FrameSource source = FrameSource.open(in);
                FrameSink sink = FrameSink.create(out, found.frames() / found.seconds())) {
            FrameWindow window = new FrameWindow(source, settings);
            int done = 0;
            while (done < found.frames()) {
                List<Frame> some = window.next(BATCH);
                List<ExplainedImage> explained =
                        pipeline.explainPixels(batch(some), new Target.Classes(List.of(found.target())));
                for (int i = 0; i < some.size(); i++) {
                    SignedMap map = explained.get(i).explained().getFirst().map();
                    maps.add(values(map));
                    frames.add(prepared(some.get(i)).values());
                    sink.add(new Frame(
                            pair(explained.get(i).input(), map, found.range()),
                            some.get(i).seconds()));
                }
                done += some.size();
                if (!listener.explained(done, found.frames())) {
                    return Optional.empty();
                }
            }
            sink.finish();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        return Optional.of(
                new Result(found.frames(), found.target(), found.range(), seconds, maps.mean(), frames.mean()));
    }

    private Optional<Survey> survey(Path in) throws IOException {
        int[] votes = new int[pipeline.net().config().numClasses()];
        List<Frame> samples = new ArrayList<>();
        int stride = 1;
        int count = 0;
        double seconds = 0;
        if (!Files.isRegularFile(in)) {
            throw new IOException(in + ": there is no such file");
        }
        try (FrameSource source = FrameSource.open(in)) {
            FrameWindow window = new FrameWindow(source, settings);
            for (List<Frame> some = window.next(BATCH); !some.isEmpty(); some = window.next(BATCH)) {
                if (settings.target().isEmpty()) {
                    for (List<ClassScore> ranking : pipeline.classifyPixels(batch(some))) {
                        votes[ranking.getFirst().index()]++;
                    }
                }
                for (Frame frame : some) {
                    seconds += frame.seconds();
                    if (count++ % stride == 0) {
                        samples.add(frame);
                    }
                    if (samples.size() > SAMPLES) {
                        // Every second sample is dropped, so the others stay evenly spaced.
                        stride *= 2;
                        List<Frame> half = new ArrayList<>();
                        for (int i = 0; i < samples.size(); i += 2) {
                            half.add(samples.get(i));
                        }
                        samples = half;
                    }
                }
                if (!listener.surveyed(count)) {
                    return Optional.empty();
                }
            }
            if (count == 0) {
                throw new IOException(
                        in + ": has no frames" + (window.isEmpty() ? "" : " between the start and the end"));
            }
        }
        int target = settings.target().orElseGet(() -> highest(votes));
        ColourRange range = settings.range().isPresent() ? settings.range().get() : range(samples, target);
        return Optional.of(new Survey(count, seconds, target, range));
    }

    private ColourRange range(List<Frame> samples, int target) {
        List<SignedMap> maps = new ArrayList<>();
        for (int first = 0; first < samples.size(); first += BATCH) {
            List<Frame> some = samples.subList(first, Math.min(samples.size(), first + BATCH));
            pipeline.explainPixels(batch(some), new Target.Classes(List.of(target)))
                    .forEach(image -> maps.add(image.explained().getFirst().map()));
        }
        return ColourRange.overSet(maps);
    }

    private static int highest(int[] votes) {
        int best = 0;
        for (int k = 1; k < votes.length; k++) {
            best = votes[k] > votes[best] ? k : best;
        }
        return best;
    }

    private Pixels prepared(Frame frame) {
        return preparation.prepare(BufferedPixels.of(settings.box().of(frame.picture())));
    }

    private ImageBatch batch(List<Frame> frames) {
        List<Pixels> pixels = frames.stream().map(this::prepared).toList();
        return ImageChunk.of(pixels, frames.stream().map(frame -> "frame").toList())
                .batch();
    }

    private static float[] values(SignedMap map) {
        float[] values = new float[map.height() * map.width()];
        for (int i = 0; i < values.length; i++) {
            values[i] = map.at(i / map.width(), i % map.width());
        }
        return values;
    }

    private static BufferedImage pair(BufferedImage input, SignedMap map, ColourRange range) {
        int factor = Picture.factorFor(input, SIDE);
        return Picture.sideBySide(
                List.of(
                        Picture.enlarged(input, factor),
                        Picture.enlarged(ContributionPicture.colours(map, range), factor)),
                GAP);
    }
}

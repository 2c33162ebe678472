package org.codanet.video;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** Writes a video frame by frame. The file appears when {@link #finish} was called; {@link #close} without it leaves no file. Not thread-safe. */
public interface FrameSink extends Closeable {
    /** Appends a frame. All frames have the same extents. */
    void add(Frame frame) throws IOException;

    /** Completes the file. */
    void finish() throws IOException;

    /**
     * Creates a video.
     *
     * @param framesPerSecond of formats with a constant rate
     * @throws IOException naming the file and the reason if it cannot be created
     */
    static FrameSink create(Path file, double framesPerSecond) throws IOException {
        return VideoFormat.of(file) == VideoFormat.GIF ? new GifSink(file) : new FfmpegSink(file, framesPerSecond);
    }
}

package org.codanet.video;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** How a video is read or written, by the ending of its name. */
enum VideoFormat {
    /** By the JDK. */
    GIF,
    /** By the program ffmpeg. */
    FFMPEG;

    private static final List<String> FFMPEG_ENDINGS = List.of(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi");

    /** @throws IllegalArgumentException if the ending is not that of a video */
    static VideoFormat of(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".gif")) {
            return GIF;
        }
        if (FFMPEG_ENDINGS.stream().anyMatch(name::endsWith)) {
            return FFMPEG;
        }
        throw new IllegalArgumentException(
                file + ": is not named as a video; names end in .gif, " + String.join(", ", FFMPEG_ENDINGS));
    }
}

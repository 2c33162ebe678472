package org.codanet.video;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The frames of a source between two times. */
final class FrameWindow {
    private final FrameSource source;
    private final VideoSettings settings;
    private double time;
    private boolean empty = true;

    FrameWindow(FrameSource source, VideoSettings settings) {
        this.source = source;
        this.settings = settings;
    }

    /** {@return the next frames; fewer than {@code limit} at the end, where the list may be empty} */
    List<Frame> next(int limit) throws IOException {
        List<Frame> frames = new ArrayList<>();
        while (frames.size() < limit && time < settings.end()) {
            Optional<Frame> next = source.next();
            if (next.isEmpty()) {
                break;
            }
            empty = false;
            time += next.get().seconds();
            // Times are sums of rounded numbers.
            if (time > settings.start() + 1e-6) {
                frames.add(next.get());
            }
        }
        return frames;
    }

    /** {@return whether the source had no frame at all} */
    boolean isEmpty() {
        return empty;
    }
}

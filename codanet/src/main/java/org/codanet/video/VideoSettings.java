package org.codanet.video;

import java.awt.image.BufferedImage;
import java.util.Optional;
import java.util.OptionalInt;
import org.codanet.render.ColourRange;

/**
 * What is explained of a video.
 *
 * @param target the class whose contributions are shown; if empty, the class that is predicted for the most frames
 * @param start in seconds: frames that end before it are left out
 * @param end in seconds: frames that begin at it or later are left out; may be infinite
 * @param box part of each frame that the network reads
 * @param range the contribution that full colour stands for in all frames; if empty, it follows from some frames
 */
public record VideoSettings(OptionalInt target, double start, double end, Box box, Optional<ColourRange> range) {
    /** Everything of every frame. */
    public static final VideoSettings WHOLE =
            new VideoSettings(OptionalInt.empty(), 0, Double.POSITIVE_INFINITY, Box.WHOLE, Optional.empty());

    /** @throws IllegalArgumentException if the video would have no frame */
    public VideoSettings {
        if (!(start >= 0 && end > start)) {
            throw new IllegalArgumentException(
                    "video: start is " + start + " s and end is " + end + " s; 0 <= start < end is needed");
        }
    }

    /** A part of a frame; all numbers are shares of its width or height, from 0 to 1. */
    public record Box(double left, double top, double right, double bottom) {
        /** The whole frame. */
        public static final Box WHOLE = new Box(0, 0, 1, 1);

        /** @throws IllegalArgumentException if the box is empty or not inside the frame */
        public Box {
            if (!(left >= 0 && top >= 0 && left < right && top < bottom && right <= 1 && bottom <= 1)) {
                throw new IllegalArgumentException("video: the box " + left + "," + top + "," + right + "," + bottom
                        + " is empty or not inside the frame; its numbers are shares from 0 to 1");
            }
        }

        /** {@return this part of a picture, at least one pixel} */
        BufferedImage of(BufferedImage picture) {
            if (equals(WHOLE)) {
                return picture;
            }
            int x = (int) Math.floor(left * picture.getWidth());
            int y = (int) Math.floor(top * picture.getHeight());
            int width = Math.max(1, (int) Math.round(right * picture.getWidth()) - x);
            int height = Math.max(1, (int) Math.round(bottom * picture.getHeight()) - y);
            return picture.getSubimage(
                    x, y, Math.min(width, picture.getWidth() - x), Math.min(height, picture.getHeight() - y));
        }
    }
}

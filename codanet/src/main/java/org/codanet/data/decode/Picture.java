package org.codanet.data.decode;

import java.io.IOException;
import org.codanet.data.image.Pixels;

/** A picture file whose container has been parsed and whose pixels have not been decoded yet. */
interface Picture {
    /** The number of columns as stored, before the picture is turned upright. */
    int width();

    /** The number of rows as stored, before the picture is turned upright. */
    int height();

    /** The Exif orientation as Pillow finds it, 1 to 8; 1 is upright. */
    int orientation();

    /**
     * {@return the pixels as stored, with 1 or 3 channels}
     *
     * @throws IOException if the pixels cannot be decoded
     */
    Pixels decode() throws IOException;
}

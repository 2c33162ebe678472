package org.codanet.report;

import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.codanet.render.Picture;

/** The style sheet and the pictures of a page: embedded in the page, or in files that the page refers to. Not thread-safe. */
sealed interface PageAssets {
    /** The element that includes the style sheet in the head of the page. */
    String styleElement(String css);

    /** The value for the {@code src} of a picture. */
    String source(BufferedImage picture);

    /** Everything is part of the page. */
    record Embedded() implements PageAssets {
        @Override
        public String styleElement(String css) {
            return "<style>\n" + css + "</style>\n";
        }

        @Override
        public String source(BufferedImage picture) {
            return Picture.dataUri(picture);
        }
    }

    /** Everything is a file in one folder. Equal pictures share a file. */
    final class External implements PageAssets {
        static final String STYLE = "style.css";

        private final String folder;
        private final Map<ByteBuffer, String> names = new LinkedHashMap<>();
        private byte[] style = new byte[0];

        /**
         * An empty collection.
         *
         * @param folder name of the folder, relative to the page; without characters that a URL would escape
         */
        External(String folder) {
            this.folder = folder;
        }

        @Override
        public String styleElement(String css) {
            style = css.getBytes(StandardCharsets.UTF_8);
            return "<link rel=\"stylesheet\" href=\"" + folder + "/" + STYLE + "\"/>\n";
        }

        @Override
        public String source(BufferedImage picture) {
            ByteBuffer png = ByteBuffer.wrap(Picture.png(picture));
            return folder + "/" + names.computeIfAbsent(png, _ -> "picture-" + (names.size() + 1) + ".png");
        }

        /** The content of each file by its name. */
        Map<String, byte[]> files() {
            Map<String, byte[]> files = new LinkedHashMap<>();
            files.put(STYLE, style);
            names.forEach((png, name) -> files.put(name, png.array()));
            return files;
        }
    }
}

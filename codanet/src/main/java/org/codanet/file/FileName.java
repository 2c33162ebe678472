package org.codanet.file;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Locale;

/**
 * File names as UTF-8, whatever the locale is. Java decodes names in the encoding of the locale. If the locale is not installed, that
 * is ASCII, and {@link Path#toString} replaces every other byte by U+FFFD. {@link Path#toUri} still holds the original bytes.
 */
public final class FileName {
    private static final String REPLACEMENT = "\uFFFD";

    private FileName() {}

    /** Whether Java itself reads and writes file names as UTF-8. If not, it cannot decode names in command-line arguments either. */
    public static boolean isUtf8() {
        String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
        return Charset.isSupported(encoding) && Charset.forName(encoding).equals(StandardCharsets.UTF_8);
    }

    /** A path as text for messages. Each byte that is not UTF-8 is written as an escape, such as {@code \xE9}. */
    public static String text(Path path) {
        if (isReadable(path)) {
            return path.toString();
        }
        byte[] bytes = bytes(path);
        StringBuilder text = new StringBuilder();
        int i = 0;
        while (i < bytes.length) {
            int length = lengthOfCharacter(bytes, i);
            text.append(
                    length > 0
                            ? new String(bytes, i, length, StandardCharsets.UTF_8)
                            : String.format(Locale.ROOT, "\\x%02X", bytes[i]));
            i += Math.max(1, length);
        }
        return text.toString();
    }

    /**
     * The last element of a path, as text that may be stored in a file.
     *
     * @throws FileFormatException if the name is not UTF-8
     */
    public static String of(Path path) throws FileFormatException {
        Path name = path.getFileName() == null ? path : path.getFileName();
        if (isReadable(name)) {
            return name.toString();
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes(name)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FileFormatException(text(path), "the name is not UTF-8; rename it", e);
        }
    }

    /** The path of a file in a folder. The name is written as UTF-8, whatever the locale is. */
    public static Path resolve(Path folder, String name) {
        if (isUtf8() || folder.getFileSystem() != FileSystems.getDefault() || isAscii(name)) {
            return folder.resolve(name);
        }
        String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        String parent = folder.toUri().getRawPath();
        return Path.of(URI.create("file://" + parent + (parent.endsWith("/") ? "" : "/") + encoded));
    }

    private static boolean isReadable(Path path) {
        String text = path.toString();
        return isAscii(text)
                || path.getFileSystem() != FileSystems.getDefault()
                || isUtf8() && !text.contains(REPLACEMENT);
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    /** The bytes of the path, taken from its URI. */
    private static byte[] bytes(Path path) {
        // A URI is that of an absolute path, and the URI of a folder ends with a slash.
        String uri = Path.of("/").resolve(path).toUri().getRawPath();
        String encoded = uri.substring(path.isAbsolute() ? 0 : 1);
        if (encoded.length() > 1 && encoded.endsWith("/")) {
            encoded = encoded.substring(0, encoded.length() - 1);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(encoded.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toByteArray();
    }

    /** The number of bytes of the UTF-8 character that begins at an index; 0 if there is none. */
    private static int lengthOfCharacter(byte[] bytes, int from) {
        for (int length = 1; length <= Math.min(4, bytes.length - from); length++) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, length));
                return length;
            } catch (CharacterCodingException e) {
                // A longer sequence may be a character.
            }
        }
        return 0;
    }
}

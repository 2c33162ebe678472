package org.codanet.data.decode;

import java.nio.charset.StandardCharsets;
import org.codanet.file.FileFormatException;

/** The format of a picture, recognised by the first bytes of its content. The name of the file is ignored. */
enum PictureFormat {
    JPEG,
    PNG,
    GIF,
    BMP;

    private static final String[][] NOT_READ = {
        {"RIFF????WEBP", "WebP"},
        {"II*\0", "TIFF"},
        {"MM\0*", "TIFF"},
        {"II+\0", "TIFF"},
        {"MM\0+", "TIFF"},
        {"????ftypavif", "AVIF"},
        {"????ftypavis", "AVIF"},
        {"????ftyphei", "HEIF"},
        {"????ftyphev", "HEIF"},
        {"????ftypmif1", "HEIF"},
        {"????ftypmsf1", "HEIF"},
        {"\0\0\0\fjP  ", "JPEG 2000"},
        {"\u00FFO\u00FFQ", "JPEG 2000"},
        {"\0\0\0\fJXL ", "JPEG XL"},
        {"\u00FF\n", "JPEG XL"},
        {"8BPS", "Photoshop"},
        {"\0\0\1\0", "icon (ICO)"},
        {"%PDF", "PDF"},
    };

    /**
     * {@return the format of a file}
     *
     * @throws FileFormatException if it is none of these; the message names the format if it is another common one, such as WebP
     */
    static PictureFormat of(String file, byte[] bytes) throws FileFormatException {
        if (bytes.length == 0) {
            throw new FileFormatException(file, "is empty, not a picture");
        }
        if (begins(bytes, "\u00FF\u00D8\u00FF")) {
            return JPEG;
        }
        if (begins(bytes, "\u0089PNG")) {
            return PNG;
        }
        if (begins(bytes, "GIF8")) {
            return GIF;
        }
        if (begins(bytes, "BM")) {
            return BMP;
        }
        for (String[] format : NOT_READ) {
            if (begins(bytes, format[0])) {
                throw new FileFormatException(
                        file,
                        "is a " + format[1] + " picture, which codanet does not read; convert it to PNG or JPEG first");
            }
        }
        throw new FileFormatException(file, "is not a JPEG, PNG, GIF or BMP picture");
    }

    /** {@return whether the content begins with a pattern of ISO 8859-1 characters, where ? matches any byte} */
    static boolean begins(byte[] bytes, String pattern) {
        return has(bytes, 0, pattern);
    }

    /** {@return whether the content matches the pattern at an offset} */
    static boolean has(byte[] bytes, int at, String pattern) {
        byte[] wanted = pattern.getBytes(StandardCharsets.ISO_8859_1);
        if (at + wanted.length > bytes.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i] != '?' && bytes[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}

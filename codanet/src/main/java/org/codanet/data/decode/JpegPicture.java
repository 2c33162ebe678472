package org.codanet.data.decode;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/**
 * A JPEG file. The JDK's decoder, which is libjpeg, receives a copy of the file without its application segments. A marker in the
 * copy makes the decoder return the components unconverted. {@link JpegColours} then converts the colours.
 *
 * <p>Damage that libjpeg tolerates is tolerated. Only a file that ends before its last row is refused, as in Pillow. Source: ITU-T
 * T.81, annex B; the JFIF and Adobe segments as libjpeg recognises them.
 */
final class JpegPicture implements Picture {
    private static final int START_OF_SCAN = 0xDA;
    private static final int END_OF_IMAGE = 0xD9;
    /**
     * SOI, and an Adobe segment with transform 0, which declares the components to be RGB, CMYK or grey, so that the decoder converts
     * nothing.
     */
    private static final byte[] UNCONVERTED = {
        (byte) 0xFF, (byte) 0xD8, (byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
    };

    /** Four segments with the tables of ITU-T T.81, annex K.3. */
    private static final byte[] STANDARD_HUFFMAN_TABLES = HexFormat.of()
            .parseHex(
                    "ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b51000020103030204030505"
                            + "04040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718"
                            + "191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a83"
                            + "8485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6"
                            + "d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffc4001f0100030101010101010101010000000000000102"
                            + "030405060708090a0bffc400b51100020102040403040705040400010277000102031104052131061241510761711322"
                            + "328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a"
                            + "535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7"
                            + "a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa");

    private final String file;
    private final byte[] bytes;
    private final ByteArrayOutputStream cleaned = new ByteArrayOutputStream();
    private int width;
    private int height;
    private int[] ids = {};
    private int[] horizontal = {};
    private int[] vertical = {};
    private boolean progressive;
    private boolean jfif;
    private int adobeTransform = JpegColours.NO_ADOBE;
    private ByteArrayOutputStream exif;
    private byte[] xmp;
    private int componentsOfFirstScan;
    private boolean ended;

    private JpegPicture(String file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /** {@return the picture with the segments before its first scan parsed} */
    static JpegPicture parse(String file, byte[] bytes) throws FileFormatException {
        JpegPicture picture = new JpegPicture(file, bytes);
        picture.parse();
        return picture;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public int orientation() {
        return ExifOrientation.of(exif == null ? null : exif.toByteArray(), xmp);
    }

    private void parse() throws FileFormatException {
        cleaned.writeBytes(UNCONVERTED);
        // Frames of Motion JPEG omit the standard tables. Tables in the file replace these.
        cleaned.writeBytes(STANDARD_HUFFMAN_TABLES);
        int at = 2;
        while (true) {
            // Like libjpeg, skip bytes between segments.
            while (at < bytes.length && (bytes[at] != (byte) 0xFF || isStuffedOrFill(at))) {
                at++;
            }
            int marker = at + 1 < bytes.length ? bytes[at + 1] & 255 : END_OF_IMAGE;
            if (marker == END_OF_IMAGE) {
                throw new FileFormatException(file, "is cut short or damaged: it ends before its pixels begin");
            }
            if (marker == 0x01 || marker >= 0xD0 && marker <= 0xD8) {
                at += 2; // markers without a segment
                continue;
            }
            int length = at + 3 < bytes.length ? unsignedShort(at + 2) : 0;
            int end = at + 2 + length;
            if (length < 2 || end > bytes.length) {
                throw new FileFormatException(file, "is cut short or damaged: a segment of its JPEG header has no end");
            }
            if (marker == START_OF_SCAN) {
                scan(at, end);
                return;
            }
            segment(marker, at + 4, end);
            boolean application = marker >= 0xE0 && marker <= 0xEF || marker == 0xFE;
            if (!application) {
                cleaned.write(bytes, at, end - at);
            }
            at = end;
        }
    }

    private boolean isStuffedOrFill(int at) {
        return at + 1 < bytes.length && (bytes[at + 1] == 0 || bytes[at + 1] == (byte) 0xFF);
    }

    private int unsignedShort(int at) {
        return (bytes[at] & 255) << 8 | bytes[at + 1] & 255;
    }

    private void segment(int marker, int start, int end) throws FileFormatException {
        int length = end - start;
        boolean frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (frame) {
            frame(marker, start, end);
        } else if (marker == 0xE0 && length >= 14 && PictureFormat.has(bytes, start, "JFIF\0")) {
            jfif = true;
        } else if (marker == 0xE1 && PictureFormat.has(bytes, start, "Exif\0\0")) {
            // An Exif block that is too long for one segment continues in the next. As in Pillow, the first directory
            // is used.
            int from = exif == null ? start : start + 6;
            exif = exif == null ? new ByteArrayOutputStream() : exif;
            exif.write(bytes, from, Math.max(0, end - from));
        } else if (marker == 0xE1 && PictureFormat.has(bytes, start, "http://ns.adobe.com/xap/1.0/\0")) {
            xmp = Arrays.copyOfRange(bytes, start, end);
        } else if (marker == 0xEE && length >= 12 && PictureFormat.has(bytes, start, "Adobe")) {
            adobeTransform = bytes[start + 11] & 255;
        }
    }

    private void frame(int marker, int start, int end) throws FileFormatException {
        if (marker >= 0xC9 && marker <= 0xCB) {
            throw notRead("arithmetic coding");
        }
        if (marker > 0xC2) {
            throw notRead(marker == 0xC3 ? "lossless compression" : "hierarchical compression");
        }
        progressive = marker == 0xC2;
        int components = end - start >= 6 ? bytes[start + 5] & 255 : 0;
        if (end - start != 6 + 3 * components) {
            throw new FileFormatException(file, "is damaged: the frame header of the JPEG file has a wrong length");
        }
        int bits = bytes[start] & 255;
        if (bits != 8) {
            throw notRead(bits + " bits per sample");
        }
        if (components != 1 && components != 3 && components != 4) {
            throw notRead(components + " colour components");
        }
        height = unsignedShort(start + 1);
        width = unsignedShort(start + 3);
        ids = new int[components];
        horizontal = new int[components];
        vertical = new int[components];
        for (int i = 0; i < components; i++) {
            ids[i] = bytes[start + 6 + 3 * i] & 255;
            horizontal[i] = bytes[start + 7 + 3 * i] >> 4 & 15;
            vertical[i] = bytes[start + 7 + 3 * i] & 15;
        }
    }

    private FileFormatException notRead(String what) {
        return new FileFormatException(
                file,
                "is a JPEG with " + what + ", which codanet does not read; save it as an ordinary JPEG or as PNG");
    }

    /** Copies the first scan and everything after it unchanged. */
    private void scan(int at, int end) throws FileFormatException {
        if (ids.length == 0) {
            throw new FileFormatException(file, "is damaged: a scan of the JPEG file comes before the frame header");
        }
        componentsOfFirstScan = end - at > 4 ? bytes[at + 4] & 255 : 0;
        for (int i = end; i + 1 < bytes.length && !ended; i++) {
            ended = bytes[i] == (byte) 0xFF && bytes[i + 1] == (byte) END_OF_IMAGE;
        }
        cleaned.write(bytes, at, bytes.length - at);
        if (!ended) {
            cleaned.write(0xFF);
            cleaned.write(END_OF_IMAGE);
        }
    }

    @Override
    public Pixels decode() throws IOException {
        boolean severalScans = progressive || componentsOfFirstScan < ids.length;
        boolean[] dataLack = new boolean[1];
        if (!ended && severalScans) {
            throw cutShort();
        }
        Raster raster = JdkDecoder.samples(
                PictureFormat.JPEG, cleanedBytes(), warning -> dataLack[0] |= saysThatDataLack(warning));
        if (!ended && dataLack[0]) {
            throw cutShort();
        }
        byte[] samples = JdkDecoder.bytes(raster);
        smoothRows(samples);
        return JpegColours.of(ids, jfif, adobeTransform).toPixels(samples, height, width);
    }

    /** libjpeg fills missing data with grey and only warns. */
    private static boolean saysThatDataLack(String warning) {
        return warning.toLowerCase(Locale.ROOT).contains("premature end");
    }

    private FileFormatException cutShort() {
        return new FileFormatException(file, "is cut short: the picture ends before its last row");
    }

    /** Gives each component a unique identifier. libjpeg-turbo tolerates equal identifiers, but the JDK's libjpeg does not. */
    private byte[] cleanedBytes() {
        byte[] result = cleaned.toByteArray();
        boolean distinct = Arrays.stream(ids).distinct().count() == ids.length;
        if (!distinct && componentsOfFirstScan == ids.length) {
            int at = UNCONVERTED.length + STANDARD_HUFFMAN_TABLES.length;
            while ((result[at + 1] & 255) != START_OF_SCAN) {
                int marker = result[at + 1] & 255;
                if (marker >= 0xC0 && marker <= 0xC2) {
                    for (int i = 0; i < ids.length; i++) {
                        result[at + 10 + 3 * i] = (byte) (i + 1);
                    }
                }
                at += 2 + ((result[at + 2] & 255) << 8 | result[at + 3] & 255);
            }
            for (int i = 0; i < ids.length; i++) {
                result[at + 5 + 2 * i] = (byte) (i + 1);
            }
        }
        return result;
    }

    /**
     * Interpolates the rows of components that have half as many rows as the picture and all its columns (4:4:0), as libjpeg-turbo
     * does. The JDK's older libjpeg repeats each row instead.
     */
    private void smoothRows(byte[] samples) {
        int most = Arrays.stream(vertical).max().orElse(1);
        int widest = Arrays.stream(horizontal).max().orElse(1);
        int components = ids.length;
        for (int c = 0; c < components; c++) {
            if (components == 1 || vertical[c] * 2 != most || horizontal[c] != widest) {
                continue;
            }
            int rows = (height + 1) / 2;
            byte[] stored = new byte[rows];
            for (int x = 0; x < width; x++) {
                for (int row = 0; row < rows; row++) {
                    stored[row] = samples[(2 * row * width + x) * components + c];
                }
                for (int y = 0; y < height; y++) {
                    int near = y / 2;
                    int far = Math.clamp(y % 2 == 0 ? near - 1 : near + 1, 0, rows - 1);
                    int sum = 3 * (stored[near] & 255) + (stored[far] & 255) + 1 + y % 2;
                    samples[(y * width + x) * components + c] = (byte) (sum >> 2);
                }
            }
        }
    }
}

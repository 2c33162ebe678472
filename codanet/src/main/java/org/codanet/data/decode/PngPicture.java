package org.codanet.data.decode;

import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.InflaterInputStream;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/**
 * A PNG file. The JDK's decoder receives a copy that holds only the header and the compressed samples, without colour profile, gamma,
 * chromaticities or transparency. Indices of a palette are decoded as if they were grey values. Source: PNG, third edition, section
 * 11.
 */
final class PngPicture implements Picture {
    private static final int GREY = 0;
    private static final int INDEXED = 3;
    /** The maximum number of bytes that are read of a compressed text. An XMP packet or Exif block is smaller. */
    private static final int LONGEST_TEXT = 1 << 20;

    private final String file;
    private final byte[] bytes;
    private final ByteArrayOutputStream compressed;
    private byte[] header;
    private Palette palette;
    private byte[] exif;
    private byte[] exifInText;
    private byte[] xmp;

    private PngPicture(String file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
        this.compressed = new ByteArrayOutputStream(bytes.length);
    }

    /** {@return the picture with all its chunks parsed} */
    static PngPicture parse(String file, byte[] bytes) throws FileFormatException {
        PngPicture picture = new PngPicture(file, bytes);
        picture.parse();
        return picture;
    }

    @Override
    public int width() {
        return ByteBuffer.wrap(header).getInt(0);
    }

    @Override
    public int height() {
        return ByteBuffer.wrap(header).getInt(4);
    }

    @Override
    public int orientation() {
        return ExifOrientation.of(exif != null ? exif : exifInText, xmp);
    }

    private int bits() {
        return header[8];
    }

    private int colourType() {
        return header[9];
    }

    private void parse() throws FileFormatException {
        if (!PictureFormat.begins(bytes, "\u0089PNG\r\n\u001A\n")) {
            throw new FileFormatException(file, "is cut short or damaged: its PNG signature is not intact");
        }
        ByteBuffer content = ByteBuffer.wrap(bytes);
        int at = 8;
        while (at + 8 <= bytes.length) {
            int length = content.getInt(at);
            String type = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
            int start = at + 8;
            boolean whole = length >= 0 && length <= bytes.length - start - 4;
            int end = whole ? start + length : bytes.length;
            if (header == null && !type.equals("IHDR") || type.equals("IEND")) {
                break;
            }
            chunk(type, start, end, whole);
            if (!whole) {
                break;
            }
            at = end + 4;
        }
        if (header == null) {
            throw new FileFormatException(file, "is cut short or damaged: it has no PNG header");
        }
        if (compressed.size() == 0) {
            throw new FileFormatException(file, "is cut short: it ends before its pixels begin");
        }
    }

    private void chunk(String type, int start, int end, boolean whole) throws FileFormatException {
        if (type.equals("IDAT")) {
            compressed.write(bytes, start, end - start); // if the chunk is cut short, the bytes that exist
            return;
        }
        if (!whole) {
            return;
        }
        switch (type) {
            case "IHDR" -> {
                checkSum(type, start, end);
                header = end - start >= 13 ? Arrays.copyOfRange(bytes, start, start + 13) : null;
            }
            case "PLTE" -> {
                checkSum(type, start, end);
                palette = Palette.read(bytes, start, (end - start) / 3, 3, false);
            }
            case "eXIf" -> exif = Arrays.copyOfRange(bytes, start, end);
            case "tEXt", "zTXt", "iTXt" -> text(type, Arrays.copyOfRange(bytes, start, end));
            default -> {
                // No other chunk changes the pixels that Pillow returns.
            }
        }
    }

    private void checkSum(String type, int start, int end) throws FileFormatException {
        CRC32 sum = new CRC32();
        sum.update(bytes, start - 4, end - start + 4);
        if ((int) sum.getValue() != ByteBuffer.wrap(bytes).getInt(end)) {
            throw new FileFormatException(file, "is damaged: the checksum of its chunk " + type + " is wrong");
        }
    }

    /** Reads a text chunk. ImageMagick stores Exif data as hexadecimal text, and XMP packets are text chunks as well. */
    private void text(String type, byte[] chunk) {
        int zero = indexOfZero(chunk, 0);
        String keyword = new String(chunk, 0, zero, StandardCharsets.ISO_8859_1);
        if (keyword.equals("XML:com.adobe.xmp") && type.equals("iTXt") && zero + 3 <= chunk.length) {
            boolean packed = chunk[zero + 1] != 0;
            int translated = indexOfZero(chunk, zero + 3);
            int value = Math.min(chunk.length, indexOfZero(chunk, translated + 1) + 1);
            xmp = packed ? unpacked(chunk, value) : Arrays.copyOfRange(chunk, value, chunk.length);
        } else if (keyword.equals("Raw profile type exif") && zero + 2 <= chunk.length) {
            byte[] value =
                    type.equals("zTXt") ? unpacked(chunk, zero + 2) : Arrays.copyOfRange(chunk, zero + 1, chunk.length);
            exifInText = hexadecimal(new String(value, StandardCharsets.ISO_8859_1));
        }
    }

    private static int indexOfZero(byte[] chunk, int from) {
        int at = from;
        while (at < chunk.length && chunk[at] != 0) {
            at++;
        }
        return Math.min(at, chunk.length);
    }

    private static byte[] unpacked(byte[] chunk, int from) {
        try (InflaterInputStream in =
                new InflaterInputStream(new ByteArrayInputStream(chunk, from, chunk.length - from))) {
            return in.readNBytes(LONGEST_TEXT);
        } catch (IOException e) {
            return new byte[0]; // a damaged text is treated as absent
        }
    }

    /** {@return the bytes in hexadecimal that follow three lines: an empty line, the name and the length; null if there are none} */
    private static byte[] hexadecimal(String text) {
        String[] lines = text.split("\n", 4);
        try {
            return lines.length < 4 ? null : HexFormat.of().parseHex(lines[3].replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    @Override
    public Pixels decode() throws IOException {
        boolean indexed = colourType() == INDEXED;
        if (indexed && palette == null) {
            throw new FileFormatException(file, "is damaged: its palette is missing");
        }
        Raster raster = JdkDecoder.samples(PictureFormat.PNG, withoutExtras(indexed), warning -> {});
        if (indexed) {
            return palette.colours(JdkDecoder.bytes(raster), raster.getHeight(), raster.getWidth());
        }
        return bits() == 16 ? ofTwoBytes(raster) : ofOneByte(raster, (1 << bits()) - 1);
    }

    private byte[] withoutExtras(boolean indexed) throws IOException {
        byte[] plainHeader = header.clone();
        if (indexed) {
            plainHeader[9] = GREY;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(compressed.size() + 57);
        out.write(bytes, 0, 8);
        beginChunk(out, "IHDR", plainHeader.length);
        out.writeBytes(plainHeader);
        endChunk(out);
        beginChunk(out, "IDAT", compressed.size());
        compressed.writeTo(out);
        endChunk(out);
        beginChunk(out, "IEND", 0);
        endChunk(out);
        return out.toByteArray();
    }

    private static void beginChunk(ByteArrayOutputStream out, String type, int length) {
        out.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
        out.writeBytes(type.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Writes a checksum of 0, because the decoder does not verify it. */
    private static void endChunk(ByteArrayOutputStream out) {
        out.writeBytes(new byte[4]);
    }

    private static int channels(Raster raster) {
        return raster.getNumBands() < 3 ? 1 : 3;
    }

    private static Pixels ofOneByte(Raster raster, float largest) {
        byte[] samples = JdkDecoder.bytes(raster);
        int bands = raster.getNumBands();
        Pixels pixels = Pixels.black(channels(raster), raster.getHeight(), raster.getWidth());
        int plane = raster.getHeight() * raster.getWidth();
        for (int c = 0; c < pixels.channels(); c++) {
            for (int i = 0; i < plane; i++) {
                pixels.values()[c * plane + i] = (samples[i * bands + c] & 255) / largest;
            }
        }
        return pixels;
    }

    /**
     * Colours keep their 16 bits. Grey values without transparency are clipped at 255, because Pillow does not scale them either.
     * Files that hold 0 to 255 in 16 bits keep their values, and brighter values become white.
     */
    private Pixels ofTwoBytes(Raster raster) {
        int bands = raster.getNumBands();
        int width = raster.getWidth();
        boolean cutOff = colourType() == GREY;
        Pixels pixels = Pixels.black(channels(raster), raster.getHeight(), width);
        int[] row = new int[bands * width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int c = 0; c < pixels.channels(); c++) {
                int to = (c * raster.getHeight() + y) * width;
                for (int x = 0; x < width; x++) {
                    int sample = row[x * bands + c];
                    pixels.values()[to + x] = cutOff ? Math.min(sample, 255) / 255f : sample / 65535f;
                }
            }
        }
        return pixels;
    }
}

package org.codanet.data.decode;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/**
 * A BMP file: rows of 1, 4, 8, 16, 24 or 32 bits per pixel, uncompressed or run-length encoded (RLE). This class decodes the whole
 * file. The JDK's decoder is not used, because it supports fewer headers, converts colours by the colour profile of a version 5
 * header, and reads the fourth byte of a pixel as transparency. Source: Microsoft's documentation of BITMAPINFOHEADER, and Pillow
 * where the documentation is silent.
 */
final class BmpPicture implements Picture {
    private static final int RAW = 0;
    private static final int RLE8 = 1;
    private static final int RLE4 = 2;
    private static final int BIT_FIELDS = 3;

    private final String file;
    private final byte[] bytes;
    private int width;
    private int height;
    private boolean topDown;
    private int bits;
    private int compression;
    private Palette palette;
    private final int[] masks = new int[3];
    private int dataStart;

    private BmpPicture(String file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /** {@return the picture with its headers and its palette parsed} */
    static BmpPicture parse(String file, byte[] bytes) throws FileFormatException {
        BmpPicture picture = new BmpPicture(file, bytes);
        try {
            picture.parse(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IndexOutOfBoundsException e) {
            throw new FileFormatException(file, "is cut short: its BMP header has no end", e);
        }
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
        return 1;
    }

    private void parse(ByteBuffer content) throws FileFormatException {
        dataStart = content.getInt(10);
        int headerSize = content.getInt(14);
        int colours = 0;
        int bytesPerColour = 4;
        if (headerSize == 12) {
            width = Short.toUnsignedInt(content.getShort(18));
            height = Short.toUnsignedInt(content.getShort(20));
            bits = content.getShort(24);
            bytesPerColour = 3;
        } else if (headerSize >= 40 && headerSize <= 124) {
            width = content.getInt(18);
            topDown = content.getInt(22) < 0;
            height = Math.absExact(content.getInt(22));
            bits = content.getShort(28);
            compression = content.getInt(30);
            colours = content.getInt(46);
        } else {
            throw new FileFormatException(
                    file, "is damaged, or not a BMP picture: its header has " + headerSize + " bytes");
        }
        boolean known = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        if (!known) {
            throw new FileFormatException(file, "is a BMP picture with " + bits + " bits per pixel, which is not read");
        }
        boolean fits = compression == RAW
                || compression == RLE8 && bits == 8
                || compression == RLE4 && bits == 4
                || compression == BIT_FIELDS && bits >= 16;
        if (!fits) {
            throw new FileFormatException(
                    file,
                    "is a BMP picture with compression " + compression + " at " + bits
                            + " bits per pixel, which is not read; save it as PNG");
        }
        int paletteStart = 14 + headerSize;
        if (bits <= 8) {
            int entries = colours > 0 ? colours : 1 << bits;
            palette = Palette.read(bytes, paletteStart, entries, bytesPerColour, true);
            // Some programs write an offset of the pixels that does not count the palette.
            dataStart += dataStart == paletteStart ? bytesPerColour * Math.min(entries, 256) : 0;
        } else {
            readMasks(content, compression == BIT_FIELDS ? 54 : -1);
        }
        if (dataStart < 14 || dataStart > bytes.length) {
            throw new FileFormatException(file, "is cut short or damaged: its pixels would begin at byte " + dataStart);
        }
    }

    /** The masks follow the 40 bytes of the oldest header. In newer headers they are part of the header, at the same offset. */
    private void readMasks(ByteBuffer content, int at) {
        int[] usual = bits == 16 ? new int[] {0x7C00, 0x3E0, 0x1F} : new int[] {0xFF0000, 0xFF00, 0xFF};
        for (int c = 0; c < 3; c++) {
            masks[c] = at < 0 ? usual[c] : content.getInt(at + 4 * c);
        }
        if (masks[0] == 0 && masks[1] == 0 && masks[2] == 0) {
            System.arraycopy(usual, 0, masks, 0, 3);
        }
    }

    @Override
    public Pixels decode() throws FileFormatException {
        if (bits > 8) {
            return colours();
        }
        return palette.colours(compression == RAW ? indices() : runs(), height, width);
    }

    /** {@return the offset of each row, after a check that the file holds all rows} Rows are padded to multiples of 4 bytes. */
    private int[] rowStarts() throws FileFormatException {
        long stride = ((long) width * bits + 31) / 32 * 4;
        long rowLength = ((long) width * bits + 7) / 8;
        if (dataStart + stride * (height - 1) + rowLength > bytes.length) {
            throw new FileFormatException(file, "is cut short: the picture ends before its last row");
        }
        int[] starts = new int[height];
        for (int y = 0; y < height; y++) {
            starts[y] = (int) (dataStart + stride * (topDown ? y : height - 1 - y));
        }
        return starts;
    }

    private byte[] indices() throws FileFormatException {
        int[] starts = rowStarts();
        byte[] indices = new byte[width * height];
        int perByte = 8 / bits;
        int mask = (1 << bits) - 1;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int shift = 8 - bits - x % perByte * bits;
                indices[y * width + x] = (byte) (bytes[starts[y] + x / perByte] >> shift & mask);
            }
        }
        return indices;
    }

    private Pixels colours() throws FileFormatException {
        int[] starts = rowStarts();
        int bytesPerPixel = bits / 8;
        Pixels pixels = Pixels.black(3, height, width);
        for (int c = 0; c < 3; c++) {
            int shift = masks[c] == 0 ? 0 : Integer.numberOfTrailingZeros(masks[c]);
            float largest = masks[c] == 0 ? 1 : masks[c] >>> shift;
            for (int y = 0; y < height; y++) {
                int to = (c * height + y) * width;
                for (int x = 0; x < width; x++) {
                    int pixel = 0;
                    for (int b = 0; b < bytesPerPixel; b++) {
                        pixel |= (bytes[starts[y] + x * bytesPerPixel + b] & 255) << 8 * b;
                    }
                    pixels.values()[to + x] = ((pixel & masks[c]) >>> shift) / largest;
                }
            }
        }
        return pixels;
    }

    /**
     * Decodes run lengths, which are pairs of a count and a value. A count of 0 introduces an end of row, the end of the picture, a
     * jump, or literal values.
     */
    private byte[] runs() throws FileFormatException {
        byte[] stored = new byte[width * height];
        int filled = 0;
        int at = dataStart;
        int x = 0;
        boolean ended = false;
        while (!ended && filled < stored.length) {
            if (at + 2 > bytes.length) {
                throw new FileFormatException(file, "is cut short: the picture ends before its last row");
            }
            int count = bytes[at] & 255;
            int value = bytes[at + 1] & 255;
            at += 2;
            if (count > 0) {
                count = Math.max(0, Math.min(count, width - x)); // a run does not continue in the next row
                for (int i = 0; i < count; i++) {
                    stored[filled++] = (byte) index(value, i);
                }
                x += count;
            } else if (value == 0) {
                filled = (filled + width - 1) / width * width;
                x = 0;
            } else if (value == 1) {
                ended = true;
            } else if (value == 2) {
                if (at + 2 > bytes.length) {
                    throw new FileFormatException(file, "is cut short: the picture ends before its last row");
                }
                filled = Math.min(stored.length, filled + (bytes[at] & 255) + (bytes[at + 1] & 255) * width);
                x = filled % width;
                at += 2;
            } else {
                int length = Math.min(value, stored.length - filled);
                int dataLength = compression == RLE4 ? (length + 1) / 2 : length;
                if (at + dataLength > bytes.length) {
                    throw new FileFormatException(file, "is cut short: the picture ends before its last row");
                }
                for (int i = 0; i < length; i++) {
                    stored[filled++] = (byte) (compression == RLE4 ? index(bytes[at + i / 2] & 255, i) : bytes[at + i]);
                }
                x += value;
                at += dataLength + (at + dataLength & 1);
            }
        }
        return topDown ? stored : upsideDown(stored);
    }

    /** {@return the palette index at a position of a run; an RLE4 byte packs two indices that alternate} */
    private int index(int value, int place) {
        return compression == RLE8 ? value : place % 2 == 0 ? value >> 4 : value & 15;
    }

    private byte[] upsideDown(byte[] stored) {
        byte[] result = new byte[stored.length];
        for (int y = 0; y < height; y++) {
            System.arraycopy(stored, y * width, result, (height - 1 - y) * width, width);
        }
        return result;
    }
}

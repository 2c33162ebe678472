package org.codanet.data.decode;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;

/**
 * The first frame of a GIF file, at its position on the canvas. As in Pillow, the canvas around the frame has the frame's transparent
 * colour, or colour 0. The JDK's decoder receives a copy that holds only the frame and a grey palette. Source: GIF89a specification.
 */
final class GifPicture implements Picture {
    private static final int EXTENSION = '!';
    private static final int FRAME = ',';
    private static final int GRAPHIC_CONTROL = 0xF9;

    private final String file;
    private final byte[] bytes;
    private int canvasWidth;
    private int canvasHeight;
    private int left;
    private int top;
    private int frameWidth;
    private int frameHeight;
    private boolean interlaced;
    private Palette palette = Palette.greys();
    private int transparent;
    private int dataStart;

    private GifPicture(String file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /** {@return the picture with all blocks parsed up to the data of the first frame} */
    static GifPicture parse(String file, byte[] bytes) throws FileFormatException {
        GifPicture picture = new GifPicture(file, bytes);
        try {
            picture.parse(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IndexOutOfBoundsException e) {
            throw new FileFormatException(file, "is cut short: it ends before its first frame", e);
        }
        return picture;
    }

    /** The width of the canvas, which is enlarged if the frame extends beyond it. */
    @Override
    public int width() {
        return Math.max(canvasWidth, left + frameWidth);
    }

    @Override
    public int height() {
        return Math.max(canvasHeight, top + frameHeight);
    }

    @Override
    public int orientation() {
        return 1;
    }

    private void parse(ByteBuffer content) throws FileFormatException {
        canvasWidth = Short.toUnsignedInt(content.getShort(6));
        canvasHeight = Short.toUnsignedInt(content.getShort(8));
        int at = 13 + readPalette(content.get(10), 13);
        while (true) {
            int block = content.get(at++);
            if (block == FRAME) {
                frame(content, at);
                return;
            }
            if (block == ';') {
                throw new FileFormatException(file, "is damaged: this GIF file has no frame");
            }
            if (block == EXTENSION) {
                boolean control = (content.get(at) & 255) == GRAPHIC_CONTROL && content.get(at + 1) >= 4;
                if (control && (content.get(at + 2) & 1) != 0) {
                    transparent = content.get(at + 5) & 255;
                }
                at = endOfSubBlocks(at + 1);
            }
            // Pillow skips any other byte between blocks.
        }
    }

    /** {@return the length in bytes of the palette that these flags announce; 0 if they announce none} */
    private int readPalette(int flags, int at) {
        if ((flags & 0x80) == 0) {
            return 0;
        }
        int entries = 2 << (flags & 7);
        palette = Palette.read(bytes, at, entries, 3, false);
        return 3 * entries;
    }

    private int endOfSubBlocks(int at) {
        int end = at;
        while (bytes[end] != 0) {
            end += 1 + (bytes[end] & 255);
        }
        return end + 1;
    }

    private void frame(ByteBuffer content, int at) {
        left = Short.toUnsignedInt(content.getShort(at));
        top = Short.toUnsignedInt(content.getShort(at + 2));
        frameWidth = Short.toUnsignedInt(content.getShort(at + 4));
        frameHeight = Short.toUnsignedInt(content.getShort(at + 6));
        int flags = content.get(at + 8);
        interlaced = (flags & 0x40) != 0;
        dataStart = at + 9 + readPalette(flags, at + 9);
        content.get(dataStart);
    }

    @Override
    public Pixels decode() throws IOException {
        byte[] canvas = new byte[width() * height()];
        Arrays.fill(canvas, (byte) transparent);
        if (frameWidth > 0 && frameHeight > 0) {
            Raster raster = JdkDecoder.samples(PictureFormat.GIF, frameAlone(), warning -> {});
            byte[] indices = JdkDecoder.bytes(raster);
            for (int y = 0; y < frameHeight; y++) {
                System.arraycopy(indices, y * frameWidth, canvas, (top + y) * width() + left, frameWidth);
            }
        }
        return palette.colours(canvas, height(), width());
    }

    /** A GIF file with this frame only. Its palette has 256 entries, so that the decoder returns every index unchanged. */
    private byte[] frameAlone() {
        ByteBuffer head = ByteBuffer.allocate(13 + 768 + 10).order(ByteOrder.LITTLE_ENDIAN);
        head.put(new byte[] {'G', 'I', 'F', '8', '9', 'a'});
        head.putShort((short) frameWidth).putShort((short) frameHeight);
        head.put((byte) 0xF7).put((byte) 0).put((byte) 0);
        for (int i = 0; i < 256; i++) {
            head.put((byte) i).put((byte) i).put((byte) i);
        }
        head.put((byte) FRAME).putShort((short) 0).putShort((short) 0);
        head.putShort((short) frameWidth).putShort((short) frameHeight);
        head.put((byte) (interlaced ? 0x40 : 0));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head.array());
        out.write(bytes, dataStart, bytes.length - dataStart);
        return out.toByteArray();
    }
}

package org.codanet.data.decode;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What stands before the picture in a JPEG file. What cannot be read counts as absent: the decoder says what is wrong.
 *
 * @param components colour components of a pixel, 0 if unknown
 * @param orientation Exif's, 1 to 8; 1 is upright
 * @param adobeTransform of Adobe's marker, which tells YCCK (2) from CMYK (0); -1 without one
 */
record JpegMarkers(int components, int orientation, int adobeTransform) {
    static final JpegMarkers NONE = new JpegMarkers(0, 1, -1);
    private static final int ORIENTATION_TAG = 0x0112;
    private static final int SHORT = 3;

    static JpegMarkers read(byte[] bytes) {
        int components = 0;
        int orientation = 1;
        int adobe = -1;
        int at = 2;
        while (at + 4 <= bytes.length && bytes[at] == (byte) 0xFF) {
            int marker = Byte.toUnsignedInt(bytes[at + 1]);
            if (marker == 0xFF) {
                at++; // padding
                continue;
            }
            int length = Byte.toUnsignedInt(bytes[at + 2]) << 8 | Byte.toUnsignedInt(bytes[at + 3]);
            int end = at + 2 + length;
            if (marker == 0xDA || length < 2 || end > bytes.length) {
                break;
            }
            boolean frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
            if (frame && length >= 8) {
                components = Byte.toUnsignedInt(bytes[at + 9]);
            } else if (marker == 0xE1 && length > 16 && has(bytes, at + 4, "Exif\0\0")) {
                orientation =
                        orientation(ByteBuffer.wrap(bytes, at + 10, length - 8).slice());
            } else if (marker == 0xEE && length >= 14 && has(bytes, at + 4, "Adobe")) {
                adobe = Byte.toUnsignedInt(bytes[at + 15]);
            }
            at = end;
        }
        return new JpegMarkers(components, orientation, adobe);
    }

    private static boolean has(byte[] bytes, int at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (bytes[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** {@return the orientation in a TIFF structure: a header, and a directory of entries of 12 bytes} */
    private static int orientation(ByteBuffer tiff) {
        try {
            tiff.order(tiff.getShort() == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            tiff.position(4);
            tiff.position(tiff.getInt());
            int entries = Short.toUnsignedInt(tiff.getShort());
            for (int i = 0; i < entries; i++) {
                int tag = Short.toUnsignedInt(tiff.getShort());
                int type = tiff.getShort();
                tiff.getInt();
                int value = Short.toUnsignedInt(tiff.getShort());
                tiff.getShort();
                if (tag == ORIENTATION_TAG) {
                    return type == SHORT && value >= 1 && value <= 8 ? value : 1;
                }
            }
            return 1;
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            return 1; // an entry points outside
        }
    }
}

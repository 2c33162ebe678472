package org.codanet.data.decode;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the orientation of a photograph in its Exif block, or, if that has none, in its XMP packet. The rules are those of Pillow's
 * {@code ImageOps.exif_transpose}. Data that cannot be read is treated as absent.
 *
 * <p>An Exif block is a TIFF structure. It has a header of 8 bytes and a directory of entries of 12 bytes: tag, type, count, and the
 * value or its offset. Sources: TIFF 6.0, section 2; CIPA DC-008, section 4.6.
 */
final class ExifOrientation {
    private static final int UPRIGHT = 1;
    private static final int TAG = 0x0112;
    /** Bytes per value of the types 1 to 13 and 16 (LONG8); 0 for types that do not exist. */
    private static final int[] UNIT = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8};

    private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

    private ExifOrientation() {}

    /**
     * {@return the orientation, 1 to 8}
     *
     * @param exif the Exif block, with or without the prefix "Exif\0\0"; null if the file has none
     * @param xmp the XMP packet; null if the file has none
     */
    static int of(byte[] exif, byte[] xmp) {
        Integer orientation = exif == null ? null : inTiff(withoutPrefix(exif));
        if (orientation == null && xmp != null) {
            Matcher matcher = XMP.matcher(new String(xmp, StandardCharsets.ISO_8859_1));
            orientation = matcher.find() ? matcher.group(1).charAt(0) - '0' : null;
        }
        return orientation != null && orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
    }

    /** Some programs write the prefix twice. */
    private static ByteBuffer withoutPrefix(byte[] exif) {
        int at = 0;
        for (int i = 0; i < 2 && PictureFormat.has(exif, at, "Exif\0\0"); i++) {
            at += 6;
        }
        return ByteBuffer.wrap(exif, at, exif.length - at).slice();
    }

    /** {@return the value of the first valid orientation entry; 1 if that value is not a number; null if there is no such entry} */
    private static Integer inTiff(ByteBuffer tiff) {
        try {
            int byteOrder = tiff.getShort();
            int version = tiff.getShort();
            boolean isTiff = (byteOrder == 0x4949 || byteOrder == 0x4D4D) && (version == 0x2A00 || version == 0x002A);
            if (!isTiff) {
                return null;
            }
            tiff.order(byteOrder == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            tiff.position(tiff.getInt());
            int entries = Short.toUnsignedInt(tiff.getShort());
            for (int i = 0; i < entries; i++) {
                ByteBuffer entry = tiff.slice(tiff.position(), 12).order(tiff.order());
                tiff.position(tiff.position() + 12);
                int tag = Short.toUnsignedInt(entry.getShort());
                int type = Short.toUnsignedInt(entry.getShort());
                long count = Integer.toUnsignedLong(entry.getInt());
                long size = count * (type < UNIT.length ? UNIT[type] : 0);
                if (size == 0 || size > tiff.limit()) {
                    continue;
                }
                ByteBuffer value = entry;
                if (size > 4) {
                    // A value outside the block ends the search, even if it belongs to another tag.
                    value = tiff.slice(entry.getInt(), (int) size).order(tiff.order());
                }
                if (tag == TAG) {
                    return number(value, type);
                }
            }
            return null;
        } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            return null;
        }
    }

    /** {@return the first value; 1, which means upright, for types that are not numbers, such as text} */
    private static int number(ByteBuffer value, int type) {
        double number = switch (type) {
            case 3 -> Short.toUnsignedInt(value.getShort());
            case 4, 13 -> Integer.toUnsignedLong(value.getInt());
            case 5 -> (double) Integer.toUnsignedLong(value.getInt()) / Integer.toUnsignedLong(value.getInt());
            case 6 -> value.get();
            case 8 -> value.getShort();
            case 9 -> value.getInt();
            case 10 -> (double) value.getInt() / value.getInt();
            case 11 -> value.getFloat();
            case 12 -> value.getDouble();
            case 16 -> value.getLong();
            default -> UPRIGHT;
        };
        return number == Math.rint(number) && number >= 1 && number <= 8 ? (int) number : UPRIGHT;
    }
}

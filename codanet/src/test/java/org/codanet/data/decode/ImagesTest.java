package org.codanet.data.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImagesTest {
    /** Written by Pillow 13.0.0: 16 x 8 pixels with the inks (200, 40, 10, 30) in the left half and (0, 0, 255, 0) in the right half. */
    private static final String INKS =
            "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBg"
                    + "gLCAkKCgoKCgYICwwLCgwJCgoK/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgME"
                    + "BQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJCh"
                    + "YXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqi"
                    + "o6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASw"
                    + "AAPwD826/Vyv3Ur9hK/sgr6gr+CuveK//Z";

    /** Written by Pillow 13.0.0: 16 x 8 pixels as stored, black on the left and white on the right, with Exif orientation 6. */
    private static final String TURNED =
            "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAIBAQEBAQ"
                    + "IBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgIC"
                    + "AgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAIAB"
                    + "ADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQID"
                    + "AAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1"
                    + "hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW"
                    + "19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBA"
                    + "QDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
                    + "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uL"
                    + "m6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD+f+v7/KKKAP/Z";

    @TempDir
    Path folder;

    private Path picture(BufferedImage image, String format) throws IOException {
        Path file = folder.resolve("a." + format);
        assertTrue(ImageIO.write(image, format, file.toFile()));
        return file;
    }

    private Path bytes(byte[] content) throws IOException {
        return Files.write(folder.resolve("a.jpg"), content);
    }

    private String refusal(Path file) {
        String message =
                assertThrows(FileFormatException.class, () -> Images.read(file)).getMessage();
        assertTrue(message.startsWith(file + ": "), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_INT_RGB,
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR,
                BufferedImage.TYPE_BYTE_INDEXED
            })
    void pngGivesItsBytesDividedBy255(int type) throws IOException {
        BufferedImage image = new BufferedImage(3, 2, type);
        image.setRGB(2, 1, new Color(255, 51, 0).getRGB()); // this colour is in the palette, too
        Pixels pixels = Images.read(picture(image, "png"));
        assertEquals(Pixels.black(3, 2, 3).toString(), pixels.toString());
        assertArrayEquals(new float[] {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0.2f, 0, 0, 0, 0, 0, 0}, pixels.values());
    }

    @Test
    void greyIsReadWithoutAColourProfile() throws IOException {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(0, 0, 0, 51);
        Path file = picture(image, "png");
        assertArrayEquals(new float[] {0.2f, 0.2f, 0.2f}, Images.read(file).values());
        assertArrayEquals(new float[] {0.2f}, Images.read(file, 1).values());
    }

    @Test
    void sixteenBitsOfAColourAreKept() throws IOException {
        byte[] png = pngOf16Bits(2, new byte[] {0x03, (byte) 0xE8, 0, 0, (byte) 0xFF, (byte) 0xFF});
        assertArrayEquals(
                new float[] {1_000 / 65_535f, 0, 1}, Images.read(bytes(png)).values());
    }

    @Test
    void greyOf16BitsIsCutOffAt255AsInPillow() throws IOException {
        assertEquals(
                51 / 255f,
                Images.read(bytes(pngOf16Bits(0, new byte[] {0, 51})), 1).values()[0]);
        assertEquals(
                1,
                Images.read(bytes(pngOf16Bits(0, new byte[] {3, (byte) 0xE8})), 1)
                        .values()[0]);
    }

    /** A PNG file of one pixel. */
    private static byte[] pngOf16Bits(int colourType, byte[] pixel) throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
        png.writeBytes(chunk("IHDR", new byte[] {0, 0, 0, 1, 0, 0, 0, 1, 16, (byte) colourType, 0, 0, 0}));
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(compressed)) {
            out.write(0); // no filter
            out.write(pixel);
        }
        png.writeBytes(chunk("IDAT", compressed.toByteArray()));
        png.writeBytes(chunk("IEND", new byte[0]));
        return png.toByteArray();
    }

    private static byte[] chunk(String type, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(content.length + 12).putInt(content.length);
        chunk.put(type.getBytes(StandardCharsets.ISO_8859_1)).put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, content.length + 4);
        return chunk.putInt((int) crc.getValue()).array();
    }

    @ParameterizedTest
    @CsvSource({"gif, 0", "bmp, 0", "jpg, 0.01"})
    void otherFormatsAreReadWhateverTheFileIsCalled(String format, float within) throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64; i++) {
            image.setRGB(i % 8, i / 8, 0xFFFFFF);
        }
        Path file = Files.move(picture(image, format), folder.resolve("a.tmp"));
        float[] white = new float[3 * 64];
        Arrays.fill(white, 1);
        assertArrayEquals(white, Images.read(file).values(), within);
    }

    @Test
    void photographsAreTurnedUpright() throws IOException {
        Pixels pixels = Images.read(bytes(Base64.getDecoder().decode(TURNED)));
        assertEquals("Pixels(3, 16, 8)", pixels.toString());
        // A picture with orientation 6 is turned clockwise, so the left half becomes the top half.
        assertEquals(0, pixels.values()[8 * 2 + 3], 0.05);
        assertEquals(1, pixels.values()[8 * 13 + 3], 0.05);
    }

    @Test
    void theSizeIsThatOfTheUprightPicture() throws IOException {
        assertEquals(new ImageSize(16, 8), Images.size(bytes(Base64.getDecoder().decode(TURNED))));
        assertEquals(new ImageSize(8, 16), Images.size(bytes(Base64.getDecoder().decode(INKS))));
        Path noPicture = bytes("hello, world".getBytes());
        assertThrows(FileFormatException.class, () -> Images.size(noPicture));
    }

    @Test
    void everyOrientationPutsTheCornersWhereExifSays() {
        // The pixels 1 2 / 3 4 / 5 6 in rows of two, and the result for each orientation according to the table in the
        // Exif standard.
        float[][] shown = {
            {1, 2, 3, 4, 5, 6},
            {2, 1, 4, 3, 6, 5},
            {6, 5, 4, 3, 2, 1},
            {5, 6, 3, 4, 1, 2},
            {1, 3, 5, 2, 4, 6},
            {5, 3, 1, 6, 4, 2},
            {6, 4, 2, 5, 3, 1},
            {2, 4, 6, 1, 3, 5}
        };
        for (int orientation = 1; orientation <= 8; orientation++) {
            Pixels stored = new Pixels(1, 3, 2, new float[] {1, 2, 3, 4, 5, 6});
            Pixels upright = Orientation.upright(stored, orientation);
            assertArrayEquals(shown[orientation - 1], upright.values(), "orientation " + orientation);
            assertEquals(orientation < 5 ? 3 : 2, upright.height());
        }
    }

    @Test
    void inksBecomeColoursAsPilHasThem() throws IOException {
        Pixels pixels = Images.read(bytes(Base64.getDecoder().decode(INKS)));
        assertEquals("Pixels(3, 8, 16)", pixels.toString());
        int[][] expected = {{49, 190, 216}, {255, 255, 0}}; // Image.convert("RGB") at (2, 2) and (13, 2)
        for (int c = 0; c < 3; c++) {
            assertEquals(expected[0][c], 255 * pixels.values()[c * 128 + 2 * 16 + 2], 2);
            assertEquals(expected[1][c], 255 * pixels.values()[c * 128 + 2 * 16 + 13], 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpg", "png", "gif", "bmp"})
    void everyTruncationIsRefusedInOneSentenceOrReadsWhole(String format) throws IOException {
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 1600; i++) {
            image.setRGB(i % 40, i / 40, 0x30507 * i);
        }
        byte[] whole = Files.readAllBytes(picture(image, format));
        Pixels pixels = Images.read(bytes(whole));
        int refused = 0;
        for (int length = 0; length < whole.length; length += 11) {
            Path file = bytes(Arrays.copyOf(whole, length));
            try {
                // A file may lack the data after its pixels, such as PNG's end chunk, but it must not lack pixels.
                assertEquals(pixels, Images.read(file), "cut to " + length + " of " + whole.length);
            } catch (FileFormatException e) {
                refused++;
                refusal(file);
            }
        }
        assertTrue(refused * 11 > 0.9 * whole.length, refused + " refused of " + whole.length + " bytes");
    }

    @Test
    void whatIsNoPictureIsRefused() throws IOException {
        assertTrue(refusal(bytes(new byte[0])).contains("is empty"));
        assertTrue(refusal(bytes("hello, world".getBytes())).contains("not a JPEG, PNG, GIF or BMP"));
        assertTrue(refusal(folder).contains("is a folder"));
        assertTrue(refusal(folder.resolve("missing.png")).contains("no such file"));
        assertThrows(IllegalArgumentException.class, () -> Images.read(folder.resolve("a"), 4));
    }

    @Test
    void aPictureTooLargeToReadIsRefusedBeforeItsPixelsAre() throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), "png", png);
        byte[] bytes = png.toByteArray();
        // Overwrites the width and height in the header chunk, and the checksum, which follows 17 bytes of name and
        // content.
        ByteBuffer header = ByteBuffer.wrap(bytes);
        header.putInt(16, 50_000).putInt(20, 50_000);
        CRC32 crc = new CRC32();
        crc.update(bytes, 12, 17);
        header.putInt(29, (int) crc.getValue());
        assertTrue(refusal(bytes(bytes)).contains("50000 x 50000 pixels"));
    }
}

package org.codanet.data.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.codanet.data.image.Pixels;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Variants of picture files, which must be read as Pillow 13.0.0 reads them. {@code bench/peers/make_pictures.py} wrote
 * {@code pictures.gz} and describes its format; docs/CONTRIBUTING.md says how to add a case.
 */
class PictureSweepTest {
    /** Pillow's JPEG decoder is libjpeg-turbo, which interpolates and rounds slightly differently from the JDK's libjpeg. */
    private static final int WITHIN_FOR_JPEG = 3;

    private static final int WITHIN = 1;

    /** One file, and the red, green and blue bytes that Pillow returns for each pixel. */
    record Variant(String name, byte[] file, int width, int height, byte[] rgb) {}

    @TestFactory
    Stream<DynamicTest> aPictureHasThePixelsThatPillowGives() throws IOException {
        return variants().stream().map(variant -> DynamicTest.dynamicTest(variant.name(), () -> assertPixels(variant)));
    }

    @Test
    void everyFormatHasManyVariants() throws IOException {
        List<String> names = variants().stream().map(Variant::name).toList();
        assertTrue(names.size() >= 400, names.size() + " variants");
        for (String end : List.of(".jpg", ".png", ".gif", ".bmp")) {
            long count = names.stream().filter(name -> name.endsWith(end)).count();
            assertTrue(count >= 30, count + " variants of " + end);
        }
    }

    private static void assertPixels(Variant variant) throws IOException {
        Pixels pixels = ImageDecoder.decode(variant.name(), variant.file()).withChannels(3);
        assertEquals(
                variant.width() + " x " + variant.height(),
                pixels.width() + " x " + pixels.height(),
                "width and height of " + variant.name());
        int within = variant.name().endsWith(".jpg") ? WITHIN_FOR_JPEG : WITHIN;
        int plane = pixels.width() * pixels.height();
        for (int i = 0; i < plane; i++) {
            for (int c = 0; c < 3; c++) {
                float expected = variant.rgb()[3 * i + c] & 255;
                int x = i % pixels.width();
                int y = i / pixels.width();
                assertEquals(
                        expected,
                        255 * pixels.values()[c * plane + i],
                        within + 1e-3f,
                        () -> "row %d, column %d of %s".formatted(y, x, variant.name()));
            }
        }
    }

    private static List<Variant> variants() throws IOException {
        List<Variant> variants = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(
                new GZIPInputStream(PictureSweepTest.class.getResourceAsStream("pictures.gz"))))) {
            while (true) {
                String name;
                try {
                    name = new String(in.readNBytes(in.readUnsignedShort()), StandardCharsets.UTF_8);
                } catch (EOFException e) {
                    return variants;
                }
                byte[] file = in.readNBytes(in.readInt());
                int width = in.readUnsignedShort();
                int height = in.readUnsignedShort();
                variants.add(new Variant(name, file, width, height, in.readNBytes(3 * width * height)));
            }
        }
    }
}

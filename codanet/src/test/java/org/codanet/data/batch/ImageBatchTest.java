package org.codanet.data.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class ImageBatchTest {
    /** Two images of 3 channels, 2 rows and 2 columns. All values differ, so that a wrong order is detected. */
    private static final float[] VALUES = values();

    private static float[] values() {
        float[] values = new float[24];
        for (int i = 0; i < values.length; i++) {
            values[i] = 10 * i / 255f;
        }
        return values;
    }

    @Test
    void everyWayInGivesTheSameValues() {
        assertArrayEquals(VALUES, ImageBatch.of(VALUES, 2, 3, 2, 2).values(0, 2));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, VALUES);
            assertArrayEquals(VALUES, ImageBatch.of(segment, 2, 3, 2, 2).values(0, 2));
        }
        ByteBuffer planes = ByteBuffer.allocateDirect(30).position(6);
        ByteBuffer pixels = ByteBuffer.allocateDirect(24);
        List<BufferedImage> pictures = List.of(
                new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB),
                new BufferedImage(2, 2, BufferedImage.TYPE_3BYTE_BGR));
        for (int n = 0; n < 2; n++) {
            for (int at = 0; at < 4; at++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    int value = 10 * ((n * 3 + c) * 4 + at);
                    planes.put(6 + (n * 3 + c) * 4 + at, (byte) value);
                    pixels.put((n * 4 + at) * 3 + c, (byte) value);
                    rgb = rgb << 8 | value;
                }
                pictures.get(n).setRGB(at % 2, at / 2, rgb);
            }
        }
        assertArrayEquals(
                VALUES,
                ImageBatch.ofBytes(planes, ImageBatch.Layout.NCHW, 2, 3, 2, 2).values(0, 2));
        assertEquals(6, planes.position());
        assertArrayEquals(
                VALUES,
                ImageBatch.ofBytes(pixels, ImageBatch.Layout.NHWC, 2, 3, 2, 2).values(0, 2));
        assertArrayEquals(VALUES, ImageBatch.of(pictures, 3).values(0, 2));
    }

    @Test
    void greyPicturesKeepTheirValuesAndColoursAreWeighed() {
        BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 100);
        grey.getRaster().setSample(1, 0, 0, 255);
        assertArrayEquals(
                new float[] {100 / 255f, 1}, ImageBatch.of(List.of(grey), 1).values(0, 1));
        BufferedImage red = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
        red.setRGB(0, 0, 0xff0000);
        assertArrayEquals(
                new float[] {76 / 255f}, ImageBatch.of(List.of(red), 1).values(0, 1));
    }

    @Test
    void laterChangesOfTheCallersArrayChangeNothing() {
        float[] own = VALUES.clone();
        ImageBatch batch = ImageBatch.of(own, 2, 3, 2, 2);
        own[0] = 1;
        batch.values(0, 1)[1] = 1;
        assertArrayEquals(VALUES, batch.values(0, 2));
    }

    @Test
    void refusesWhatIsNoImageAndSaysWhere() {
        for (float wrong : new float[] {Float.NaN, -0.1f, 1.01f, Float.POSITIVE_INFINITY}) {
            float[] values = VALUES.clone();
            values[12 + 2 * 4 + 3] = wrong;
            refused("image 1, channel 2, row 1, column 1 is " + wrong, () -> ImageBatch.of(values, 2, 3, 2, 2));
        }
        refused("takes 24 values, given are 23", () -> ImageBatch.of(new float[23], 2, 3, 2, 2));
        refused(
                "takes 24 bytes, given are 23",
                () -> ImageBatch.ofBytes(ByteBuffer.allocate(23), ImageBatch.Layout.NCHW, 2, 3, 2, 2));
        refused("there are none", () -> ImageBatch.of(List.of(), 3));
        refused(
                "image 1 is 2 x 1 pixels, image 0 1 x 1",
                () -> ImageBatch.of(
                        List.of(
                                new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB),
                                new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB)),
                        3));
    }

    @Test
    void imagesThatThereAreNotAreNoBlackOnes() {
        ImageBatch images = ImageBatch.of(VALUES, 2, 3, 2, 2);
        for (int[] part : new int[][] {{0, 3}, {1, 2}, {2, 1}, {-1, 1}, {0, 0}, {1, Integer.MAX_VALUE}}) {
            for (Executable call :
                    List.<Executable>of(() -> images.values(part[0], part[1]), () -> images.part(part[0], part[1]))) {
                String message =
                        assertThrows(IndexOutOfBoundsException.class, call).getMessage();
                assertTrue(message.contains("from image " + part[0] + " on were asked for; there are 2"), message);
            }
        }
    }

    private static void refused(String words, Executable call) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, call);
        assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
    }
}

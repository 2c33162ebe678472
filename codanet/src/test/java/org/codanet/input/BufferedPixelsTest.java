package org.codanet.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.data.image.Pixels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class BufferedPixelsTest {
    private static Stream<Integer> opaqueColourTypes() {
        return Stream.of(
                BufferedImage.TYPE_INT_RGB,
                BufferedImage.TYPE_INT_BGR,
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_INT_ARGB_PRE,
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR,
                BufferedImage.TYPE_4BYTE_ABGR_PRE);
    }

    @ParameterizedTest
    @MethodSource("opaqueColourTypes")
    void everyTypeOfColourImageHasTheSamePlanes(int type) {
        BufferedImage image = new BufferedImage(2, 1, type);
        image.setRGB(0, 0, 0xff336699);
        image.setRGB(1, 0, 0xffff0080);

        Pixels pixels = BufferedPixels.of(image);

        assertEquals(3, pixels.channels());
        assertArrayEquals(levels(0x33, 0xff, 0x66, 0x00, 0x99, 0x80), pixels.values());
    }

    @Test
    void greySamplesAreNotConvertedByAColourProfile() {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 100, 255});

        Pixels pixels = BufferedPixels.of(image);

        assertEquals(1, pixels.channels());
        assertArrayEquals(levels(0, 100, 255), pixels.values());
    }

    @Test
    void greySamplesOf16BitsAreDividedBy65535() {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
        image.getRaster().setPixels(0, 0, 2, 1, new int[] {257, 65535});

        assertArrayEquals(
                new float[] {257 / 65535f, 1}, BufferedPixels.of(image).values());
    }

    @Test
    void aPaletteIsResolved() {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED);
        image.setRGB(0, 0, 0xffff0000);
        image.setRGB(1, 0, 0xff0000ff);

        assertArrayEquals(levels(255, 0, 0, 0, 0, 255), BufferedPixels.of(image).values());
    }

    @Test
    void aPartOfALargerImageIsReadFromItsOwnPlace() {
        BufferedImage whole = new BufferedImage(4, 3, BufferedImage.TYPE_INT_RGB);
        whole.setRGB(2, 1, 0x102030);

        assertArrayEquals(
                levels(0x10, 0x20, 0x30),
                BufferedPixels.of(whole.getSubimage(2, 1, 1, 1)).values());
    }

    private static float[] levels(int... levels) {
        float[] values = new float[levels.length];
        IntStream.range(0, levels.length).forEach(i -> values[i] = levels[i] / 255f);
        return values;
    }
}

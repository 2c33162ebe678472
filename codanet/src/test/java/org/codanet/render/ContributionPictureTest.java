package org.codanet.render;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

final class ContributionPictureTest {
    private static final int WHITE = 0xffffff;

    @Test
    void zeroIsWhiteAndTheLimitsAreFullColour() {
        SignedMap map = SignedMap.of(1, 5, new float[] {-9, -2, 0, 2, 9});

        BufferedImage picture = ContributionPicture.colours(map, new ColourRange(2));

        assertArrayEquals(
                new int[] {
                    ContributionPicture.BLUE,
                    ContributionPicture.BLUE,
                    WHITE,
                    ContributionPicture.RED,
                    ContributionPicture.RED
                },
                rgb(picture));
    }

    @Test
    void halfTheLimitIsHalfTheWayFromWhite() {
        BufferedImage picture = ContributionPicture.colours(SignedMap.of(1, 1, new float[] {1}), new ColourRange(2));

        int red = ContributionPicture.RED >> 16;
        assertEquals((255 + red + 1) / 2, rgb(picture)[0] >> 16);
    }

    @Test
    void rowsAndColumnsStayWhereTheyAre() {
        SignedMap map = SignedMap.of(2, 3, new float[] {0, 0, 1, -1, 0, 0});

        BufferedImage picture = ContributionPicture.colours(map, new ColourRange(1));

        assertEquals(ContributionPicture.RED, picture.getRGB(2, 0) & WHITE);
        assertEquals(ContributionPicture.BLUE, picture.getRGB(0, 1) & WHITE);
    }

    @Test
    void overlayLeavesAPixelWithoutContributionGrey() {
        BufferedImage input = Picture.ofPlanes(new float[] {1, 0.5f, 0, 0, 0, 0.5f}, 0, 3, 1, 2);

        BufferedImage picture =
                ContributionPicture.overlay(SignedMap.of(1, 2, new float[] {0, 3}), new ColourRange(3), input);

        int still = rgb(picture)[0];
        assertEquals(still >> 16, still >> 8 & 255);
        assertEquals(still >> 16, still & 255);
        int covered = rgb(picture)[1];
        assertTrue(
                (covered >> 16) > (covered & 255) + 100,
                "full contribution shows red, got " + Integer.toHexString(covered));
    }

    @Test
    void overlayRefusesAnInputOfOtherExtents() {
        BufferedImage input = Picture.ofPlanes(new float[4], 0, 1, 2, 2);

        var refusal = assertThrows(
                IllegalArgumentException.class,
                () -> ContributionPicture.overlay(SignedMap.of(1, 4, new float[4]), new ColourRange(1), input));
        assertEquals("overlay: the map is 1 x 4, the input 2 x 2", refusal.getMessage());
    }

    @Test
    void percentileInterpolatesBetweenRanksOfTheMagnitudes() {
        // 101 values with the magnitudes 0 to 100 and alternating signs. The 99.5th percentile is half-way between the
        // two largest
        // magnitudes.
        float[] values = new float[101];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 2 == 0 ? i : -i;
        }
        assertEquals(
                99.5f,
                ColourRange.ofPercentile(List.of(SignedMap.of(1, 101, values)), 99.5)
                        .limit(),
                1e-4f);
    }

    @Test
    void aRangeOverASetSeesEveryMap() {
        SignedMap small = SignedMap.of(1, 2, new float[] {0.1f, -0.1f});
        SignedMap large = SignedMap.of(1, 2, new float[] {4, -8});

        assertEquals(8, ColourRange.ofPercentile(List.of(small, large), 100).limit());
    }

    @Test
    void oneContributionAmongZerosIsStillShown() {
        float[] values = new float[1000];
        values[17] = -3;
        assertEquals(
                3,
                ColourRange.ofPercentile(List.of(SignedMap.of(10, 100, values)), 99)
                        .limit());
        assertEquals(1, ColourRange.of(SignedMap.of(1, 3, new float[3])).limit());
    }

    @Test
    void enlargingRepeatsPixelsAndSmoothsNothing() {
        BufferedImage two = Picture.ofPlanes(new float[] {0, 1}, 0, 1, 1, 2);

        BufferedImage large = Picture.enlarged(two, 3);

        assertEquals(6, large.getWidth());
        assertEquals(3, large.getHeight());
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 6; x++) {
                assertEquals(x < 3 ? 0 : WHITE, large.getRGB(x, y) & WHITE);
            }
        }
    }

    @Test
    void theDataUriIsThePicture() throws IOException {
        BufferedImage picture =
                ContributionPicture.colours(SignedMap.of(2, 2, new float[] {1, -1, 0.25f, 0}), new ColourRange(1));

        String uri = Picture.dataUri(picture);

        String prefix = "data:image/png;base64,";
        assertTrue(uri.startsWith(prefix));
        byte[] png = Base64.getDecoder().decode(uri.substring(prefix.length()));
        assertArrayEquals(rgb(picture), rgb(ImageIO.read(new ByteArrayInputStream(png))));
    }

    @Test
    void sideBySideKeepsOrderAndGap() {
        BufferedImage black = Picture.ofPlanes(new float[1], 0, 1, 1, 1);

        BufferedImage row = Picture.sideBySide(List.of(black, black), 2);

        assertArrayEquals(new int[] {0, WHITE, WHITE, 0}, rgb(row));
    }

    @Test
    void aMapRefusesWhatIsNotANumberAndNamesThePixel() {
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> SignedMap.of(2, 2, new float[] {0, 0, Float.NaN, 0}));
        assertEquals("map: the value at row 1, column 0 is NaN", refusal.getMessage());
    }

    @Test
    void classAgainstClassIsTheDifference() {
        SignedMap difference = SignedMap.of(1, 2, new float[] {3, 1}).minus(SignedMap.of(1, 2, new float[] {1, 4}));

        assertEquals(2, difference.at(0, 0));
        assertEquals(-3, difference.at(0, 1));
        assertEquals(-1, difference.sum());
    }

    private static int[] rgb(BufferedImage picture) {
        int[] values = picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
        for (int i = 0; i < values.length; i++) {
            values[i] &= WHITE;
        }
        return values;
    }
}

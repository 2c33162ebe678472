package org.codanet.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageSizeTest {
    @Test
    void oneNumberIsASquareAndTwoAreHeightAndWidth() {
        assertEquals(new ImageSize(64, 64), ImageSize.parse("64"));
        assertEquals(new ImageSize(48, 96), ImageSize.parse(" 48x96 "));
        assertEquals(new ImageSize(48, 96), ImageSize.parse("48X96"));
        assertEquals("96 x 48", new ImageSize(48, 96).toString(), "width first, as messages have it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "64x", "x64", "-3", "64x0", "1x2x3", "12345678", "64.0", "big"})
    void anythingElseIsRefused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> ImageSize.parse(text))
                .getMessage();
        assertTrue(message.startsWith("image size: "), message);
    }

    @Test
    void sidesAreComparedByLength() {
        assertEquals(48, new ImageSize(48, 96).shorterSide());
        assertEquals(96, new ImageSize(48, 96).longerSide());
    }
}

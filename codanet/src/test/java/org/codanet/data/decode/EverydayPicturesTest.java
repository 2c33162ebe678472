package org.codanet.data.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.codanet.testing.OwnJvm;
import org.codanet.testing.PictureReader;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Picture files of kinds that users of other programs reported as problems. All were drawn for this test. Beside each file,
 * NAME.truth.png holds the pixels that Pillow returns.
 */
class EverydayPicturesTest {
    @TempDir
    Path folder;

    private static byte[] resource(String name) throws IOException {
        try (var in = EverydayPicturesTest.class.getResourceAsStream("everyday/" + name)) {
            return in.readAllBytes();
        }
    }

    private static Pixels read(String name) throws IOException {
        return ImageDecoder.decode(name, resource(name)).withChannels(3);
    }

    private static String refusal(byte[] content) {
        String message = assertThrows(FileFormatException.class, () -> ImageDecoder.decode("a.jpg", content))
                .getMessage();
        assertTrue(message.startsWith("a.jpg: "), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Nested
    class HaveThePixelsOfPillow {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "icc_badseq.jpg",
                    "icc_empty.jpg",
                    "icc_gray.jpg",
                    "icc_swapped.jpg",
                    "badsos.jpg",
                    "exif2.jpg",
                    "exiflong.jpg",
                    "png_exif6.png",
                    "cmyk_bare.jpg",
                    "cmyk_adobe1.jpg",
                    "ids.jpg",
                    "jfif_adobe0.jpg",
                    "canvas.gif"
                })
        void within3Of255ForJpegAnd1Otherwise(String name) throws IOException {
            Pixels truth = read(name + ".truth.png");
            Pixels pixels = read(name);
            assertEquals(truth.toString(), pixels.toString());
            float within = (name.endsWith(".jpg") ? 3 : 1) / 255f + 1e-6f;
            assertArrayEquals(truth.values(), pixels.values(), within, name);
        }
    }

    @Nested
    class AreRefusedByNameIfTheirFormatIsNotRead {
        @Test
        void webPIsNamedWhateverTheFileIsCalled() throws IOException {
            assertTrue(refusal(resource("webp_named.jpg")).contains("is a WebP picture"));
        }

        @ParameterizedTest
        @CsvSource({
            "49492a0008000000, TIFF",
            "4d4d002a00000008, TIFF",
            "49492b0008000000, TIFF",
            "0000001c6674797061766966, AVIF",
            "000000186674797068656963, HEIF",
            "0000000c6a5020200d0a870a, JPEG 2000",
            "ff0a7f00, JPEG XL"
        })
        void soAreOtherFormatsOfPhotographs(String hexadecimal, String format) {
            assertTrue(refusal(HexFormat.of().parseHex(hexadecimal)).contains("is a " + format + " picture"));
        }

        @ParameterizedTest
        @CsvSource({"C9, arithmetic coding", "CA, arithmetic coding", "C3, lossless compression", "C5, hierarchical"})
        void soAreRareKindsOfJpeg(String frame, String kind) throws IOException {
            byte[] jpeg = resource("exiflong.jpg");
            jpeg[indexOfFrame(jpeg) + 1] = (byte) Integer.parseInt(frame, 16);
            assertTrue(refusal(jpeg).contains("is a JPEG with " + kind));
        }

        @Test
        void soIsAJpegOf12Bits() throws IOException {
            byte[] jpeg = resource("exiflong.jpg");
            jpeg[indexOfFrame(jpeg) + 4] = 12;
            assertTrue(refusal(jpeg).contains("is a JPEG with 12 bits per sample"));
        }

        private static int indexOfFrame(byte[] jpeg) {
            int at = 2;
            while (jpeg[at + 1] != (byte) 0xC0) {
                at += 2 + ((jpeg[at + 2] & 255) << 8 | jpeg[at + 3] & 255);
            }
            return at;
        }
    }

    @Nested
    class AreRefusedIfTheyAreDamaged {
        @Test
        void aPngHeaderWithAWrongChecksumIsRefused() throws IOException {
            byte[] png = resource("png_exif6.png");
            png[19] ^= 1;
            assertTrue(refusal(png).contains("the checksum of its chunk IHDR is wrong"));
        }

        @Test
        void aJpegWithoutAnyPixelIsRefused() throws IOException {
            byte[] jpeg = resource("exiflong.jpg");
            assertTrue(refusal(Arrays.copyOf(jpeg, 40)).contains("is cut short"));
        }
    }

    @Test
    @DisplayName("a heap that is too small is named as such, with a cure, and not as damage of the file")
    void aHeapThatIsTooSmallIsNamed() throws Exception {
        String output = readInOwnJvm("heap_grey3000.png", "-Xmx20m");
        assertTrue(output.contains("the heap is full"), output);
        assertTrue(output.contains("3000 x 3000 pixels"), output);
        assertTrue(output.contains("-Xmx8g"), output);
        assertFalse(output.contains("damaged"), output);
    }

    @Test
    @DisplayName("reading a picture does not set a system property of the application")
    void systemPropertiesAreLeftAlone() throws Exception {
        String output = readInOwnJvm("ids.jpg", "-Xmx64m");
        assertTrue(output.contains("Pixels(3"), output);
        assertTrue(output.contains("headless: null"), output);
    }

    private String readInOwnJvm(String name, String heap) throws Exception {
        Path picture = Files.write(folder.resolve(name), resource(name));
        Process child = OwnJvm.of(PictureReader.class, List.of(heap), List.of(picture.toString()))
                .redirectErrorStream(true)
                .start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, child.waitFor(), output);
        return output;
    }
}

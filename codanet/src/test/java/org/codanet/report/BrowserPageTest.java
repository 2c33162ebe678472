package org.codanet.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Inflater;
import org.codanet.testing.Browser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the pages in a real browser. Skipped if there is no Chromium. */
final class BrowserPageTest {
    @TempDir
    Path folder;

    private Browser browser;

    @BeforeEach
    void findBrowser() {
        browser = Browser.require(folder);
    }

    @Test
    void isDrawnInLight() throws Exception {
        assertDrawn(screenshot(List.of()), false);
    }

    @Test
    void isDrawnInDark() throws Exception {
        assertDrawn(screenshot(List.of(Browser.DARK)), true);
    }

    /** A phone, a narrow tablet, a desktop. */
    @ParameterizedTest
    @ValueSource(ints = {360, 700, 1280})
    void fitsItsWindowWithoutScrollingSideways(int width) throws Exception {
        browser.assertFits(SamplePage.of(4).html(), width);
    }

    @Test
    void aReportOfPlotsFitsANarrowWindow() throws Exception {
        browser.assertFits(SampleComparison.page().html(), 360);
    }

    @Test
    void aReportOfPlotsIsDrawnInDark() throws Exception {
        BufferedImage shot = browser.screenshot(
                List.of(Browser.DARK), SampleComparison.page().html());
        int dark = 0;
        int blue = 0;
        for (int y = 0; y < shot.getHeight(); y += 2) {
            for (int x = 0; x < shot.getWidth(); x += 2) {
                int rgb = shot.getRGB(x, y);
                dark += (rgb & 255) < 60 && (rgb >> 16 & 255) < 60 ? 1 : 0;
                blue += rgb == 0xff56b4e9 ? 1 : 0;
            }
        }
        int sampled = shot.getWidth() * shot.getHeight() / 4;
        assertTrue(dark > sampled / 2, "background and plots are not dark: " + dark + " of " + sampled);
        assertTrue(blue > 100, "the first series does not have its colour for dark backgrounds: " + blue);
    }

    @Nested
    class UnderAContentSecurityPolicy {
        @Test
        void aPageWithExternalAssetsIsDrawnWithoutViolation() throws Exception {
            BufferedImage expected = screenshot(List.of());

            BufferedImage shot = served(PageForm.EXTERNAL_ASSETS);

            assertEquals("", browser.violations());
            assertDrawn(shot, false);
            assertEquals(0, differentPixels(expected, shot), "pixels that differ from the self-contained page");
        }

        /** Without this test, the test above would also pass if the policy were not applied. */
        @Test
        void aSelfContainedPageViolatesThePolicy() throws Exception {
            served(PageForm.SELF_CONTAINED);

            assertTrue(browser.violations().contains("style"), "no violation was reported");
        }

        private BufferedImage served(PageForm form) throws Exception {
            Path site = Files.createDirectories(folder.resolve("site"));
            SamplePage.of(4).write(site.resolve("index.html"), form);
            try (PageServer server = new PageServer(site)) {
                return browser.screenshot(List.of("--enable-logging=stderr"), server.address("index.html"));
            }
        }
    }

    /** Chromium prints in light colours anyway. {@link ExplanationPageTest} checks the style sheet for other browsers. */
    @Test
    void isPrintedInLightColoursFromADarkSetting() throws Exception {
        Path page =
                Files.writeString(folder.resolve("page.html"), SamplePage.of(4).html());
        Path pdf = folder.resolve("page.pdf");
        browser.run(List.of(
                Browser.DARK,
                "--no-pdf-header-footer",
                "--print-to-pdf=" + pdf,
                page.toUri().toString()));

        String content = pdfContent(Files.readAllBytes(pdf));

        assertTrue(content.contains(fill(0x1d, 0x1c, 0x1a)), "no text in the dark ink of the light colours");
        assertFalse(content.contains(fill(0xec, 0xeb, 0xe8)), "text in the light ink of the dark colours");
        assertFalse(content.contains(fill(0x13, 0x14, 0x17)), "the dark background of the page");
        assertFalse(content.contains(fill(0x1c, 0x1e, 0x23)), "the dark background of a panel");
    }

    /** The PDF operator that selects a fill colour, as the browser writes it: at most four decimals, without leading and trailing zeros. */
    private static String fill(int red, int green, int blue) {
        return Stream.of(red, green, blue)
                        .map(level -> String.format(Locale.ROOT, "%.4f", level / 255f))
                        .map(level -> level.replaceAll("^0|0+$", ""))
                        .collect(Collectors.joining(" "))
                + " rg";
    }

    /** The inflated streams of a PDF file. */
    private static String pdfContent(byte[] pdf) throws Exception {
        String text = new String(pdf, StandardCharsets.ISO_8859_1);
        StringBuilder content = new StringBuilder();
        Matcher stream = Pattern.compile("FlateDecode.{0,80}?stream\r?\n", Pattern.DOTALL)
                .matcher(text);
        while (stream.find()) {
            Inflater inflater = new Inflater();
            inflater.setInput(pdf, stream.end(), pdf.length - stream.end());
            byte[] part = new byte[1 << 16];
            int count;
            while ((count = inflater.inflate(part)) > 0) {
                content.append(new String(part, 0, count, StandardCharsets.ISO_8859_1));
            }
            inflater.end();
        }
        return content.toString();
    }

    private static int differentPixels(BufferedImage a, BufferedImage b) {
        int different = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                different += a.getRGB(x, y) == b.getRGB(x, y) ? 0 : 1;
            }
        }
        return different;
    }

    private BufferedImage screenshot(List<String> flags) throws Exception {
        return browser.screenshot(flags, SamplePage.of(4).html());
    }

    private static void assertDrawn(BufferedImage shot, boolean dark) {
        int corner = shot.getRGB(2, 2);
        int light = (corner >> 16 & 255) + (corner >> 8 & 255) + (corner & 255);
        assertTrue(dark ? light < 200 : light > 600, "background " + Integer.toHexString(corner));
        int red = 0;
        int different = 0;
        for (int y = 0; y < shot.getHeight(); y += 2) {
            for (int x = 0; x < shot.getWidth(); x += 2) {
                int rgb = shot.getRGB(x, y);
                different += rgb != corner ? 1 : 0;
                red += (rgb >> 16 & 255) > 180 && (rgb & 255) < 120 && (rgb >> 8 & 255) < 120 ? 1 : 0;
            }
        }
        int sampled = shot.getWidth() * shot.getHeight() / 4;
        assertTrue(different > sampled / 20, "the page is blank: " + different + " of " + sampled + " pixels differ");
        assertTrue(red > 200, "no map shows red: " + red + " pixels");
    }
}

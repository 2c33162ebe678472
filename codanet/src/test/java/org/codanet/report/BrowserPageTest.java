package org.codanet.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Inflater;
import javax.imageio.ImageIO;
import org.codanet.bindings.testing.Skip;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the page in a real browser. Skipped if there is no Chromium; {@code -Dcodanet.browser=PATH} sets its path. */
final class BrowserPageTest {
    @TempDir
    Path folder;

    private String browser;

    @BeforeEach
    void findBrowser() {
        Optional<String> found = browser();
        Skip.unless(found.isPresent(), "no chromium on the PATH, so the page was not seen by a browser");
        browser = found.orElseThrow();
    }

    @Test
    void isDrawnInLight() throws Exception {
        assertDrawn(screenshot(List.of()), false);
    }

    @Test
    void isDrawnInDark() throws Exception {
        assertDrawn(screenshot(List.of("--blink-settings=preferredColorScheme=0")), true);
    }

    /** A phone, a narrow tablet, a desktop. */
    @ParameterizedTest
    @ValueSource(ints = {360, 700, 1280})
    void fitsItsWindowWithoutScrollingSideways(int width) throws Exception {
        // Browser windows have a minimum width, frames do not.
        String framed = "<!DOCTYPE html><html><body><iframe id=\"f\" width=\"" + width + "\" height=\"900\" srcdoc=\""
                + Html.escape(SamplePage.of(4).html())
                + "\"></iframe><script>document.getElementById('f').onload = e => { const d = e.target.contentDocument;"
                + " document.title = 'measured ' + d.documentElement.scrollWidth + ' of ' + d.documentElement.clientWidth; }"
                + "</script></body></html>";
        Path file = Files.writeString(folder.resolve("framed.html"), framed);

        String dom = run(
                List.of("--dump-dom", "--virtual-time-budget=4000", file.toUri().toString()));

        Matcher measured =
                Pattern.compile("<title>measured (\\d+) of (\\d+)</title>").matcher(dom);
        assertTrue(measured.find(), "the frame did not load");
        assertEquals(measured.group(2), measured.group(1), "page width against window width at " + width);
        assertTrue(Integer.parseInt(measured.group(2)) > width - 40, "the frame is narrower than asked for");
    }

    @Nested
    class UnderAContentSecurityPolicy {
        @Test
        void aPageWithExternalAssetsIsDrawnWithoutViolation() throws Exception {
            BufferedImage expected = screenshot(List.of());

            BufferedImage shot = served(PageForm.EXTERNAL_ASSETS);

            assertEquals("", violations());
            assertDrawn(shot, false);
            assertEquals(0, differentPixels(expected, shot), "pixels that differ from the self-contained page");
        }

        /** Without this test, the test above would also pass if the policy were not applied. */
        @Test
        void aSelfContainedPageViolatesThePolicy() throws Exception {
            served(PageForm.SELF_CONTAINED);

            assertTrue(violations().contains("style"), "no violation was reported");
        }

        private BufferedImage served(PageForm form) throws Exception {
            Path site = Files.createDirectories(folder.resolve("site"));
            SamplePage.of(4).write(site.resolve("index.html"), form);
            try (PageServer server = new PageServer(site)) {
                return screenshot(List.of("--enable-logging=stderr"), server.address("index.html"));
            }
        }

        /** The messages of the browser's console about the policy. */
        private String violations() {
            return text(folder.resolve("errors.txt"))
                    .lines()
                    .filter(line -> line.contains("Content Security Policy"))
                    .collect(Collectors.joining("\n"));
        }
    }

    /** Chromium prints in light colours anyway. {@link ExplanationPageTest} checks the style sheet for other browsers. */
    @Test
    void isPrintedInLightColoursFromADarkSetting() throws Exception {
        Path page =
                Files.writeString(folder.resolve("page.html"), SamplePage.of(4).html());
        Path pdf = folder.resolve("page.pdf");
        run(List.of(
                "--blink-settings=preferredColorScheme=0",
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
        Path page =
                Files.writeString(folder.resolve("page.html"), SamplePage.of(4).html());
        return screenshot(flags, page.toUri());
    }

    private BufferedImage screenshot(List<String> flags, URI page) throws Exception {
        Path png = folder.resolve("page.png");
        List<String> arguments = new ArrayList<>(flags);
        arguments.addAll(List.of("--hide-scrollbars", "--window-size=1280,1800", "--screenshot=" + png));
        arguments.add(page.toString());
        run(arguments);
        return ImageIO.read(png.toFile());
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

    private String run(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile")));
        command.addAll(arguments);
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(folder.resolve("errors.txt").toFile())
                .start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("the browser did not end within two minutes");
        }
        assertEquals(0, process.exitValue(), () -> "the browser failed: " + text(folder.resolve("errors.txt")));
        return text(output);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Optional<String> browser() {
        String named = System.getProperty("codanet.browser", "");
        if (!named.isEmpty()) {
            return Optional.of(named);
        }
        return Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(directory -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }
}

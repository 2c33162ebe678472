package org.codanet.cli.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.codanet.testing.Browser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page at / in a real browser, and what it may load. */
final class ServePageTest {
    private static double number(String dom, String id) {
        Matcher cell = Pattern.compile("id=\"" + id + "\">(-?[0-9.]+)<").matcher(dom);
        assertTrue(cell.find(), () -> "there is no number in the cell " + id);
        return Double.parseDouble(cell.group(1));
    }

    @Test
    void aSampleIsExplainedAndItsContributionsAddUp(@TempDir Path folder) throws Exception {
        Browser browser = Browser.require(folder);
        try (RunningServer running = new RunningServer()) {
            String dom = browser.run(List.of(
                    "--enable-logging=stderr",
                    "--virtual-time-budget=10000",
                    "--dump-dom",
                    running.address("/#sample=ship").toString()));
            assertTrue(dom.contains("The predicted class is "), dom);
            assertEquals("", browser.violations());
            assertEquals(number(dom, "value"), number(dom, "sum") + number(dom, "bias"), 2e-4);
            assertEquals(
                    3, Pattern.compile("name=\"class\"").matcher(dom).results().count(), "classes to choose from");
        }
    }

    @Test
    void theMapIsDrawnInLightAndDark(@TempDir Path folder) throws Exception {
        Browser browser = Browser.require(folder);
        try (RunningServer running = new RunningServer()) {
            for (String scheme : List.of("1", "0")) {
                Path png = folder.resolve("page" + scheme + ".png");
                browser.run(List.of(
                        "--blink-settings=preferredColorScheme=" + scheme,
                        "--virtual-time-budget=10000",
                        "--hide-scrollbars",
                        "--window-size=1280,1200",
                        "--screenshot=" + png,
                        running.address("/#sample=car").toString()));
                BufferedImage shot = ImageIO.read(png.toFile());
                int corner = shot.getRGB(2, 2) & 255;
                assertTrue(scheme.equals("0") ? corner < 60 : corner > 200, "background " + corner);
                int coloured = 0;
                for (int y = 500; y < shot.getHeight(); y += 2) {
                    for (int x = shot.getWidth() * 6 / 10; x < shot.getWidth(); x += 2) {
                        int rgb = shot.getRGB(x, y);
                        coloured += Math.abs((rgb >> 16 & 255) - (rgb & 255)) > 100 ? 1 : 0;
                    }
                }
                assertTrue(coloured > 500, "no map was drawn: " + coloured + " pixels are red or blue");
            }
        }
    }

    @Test
    void thePolicyAllowsNothingFromElsewhere() throws Exception {
        try (RunningServer running = new RunningServer()) {
            for (String path : List.of("/", "/page.js", "/page.css", "/samples/plane.png")) {
                HttpResponse<byte[]> response = running.get(path);
                assertEquals(200, response.statusCode(), path);
                String policy =
                        response.headers().firstValue("Content-Security-Policy").orElse("");
                assertTrue(policy.startsWith("default-src 'none'"), policy);
                assertTrue(!policy.contains("unsafe") && !policy.contains("http"), policy);
                String text = new String(response.body(), StandardCharsets.UTF_8);
                assertTrue(path.endsWith(".png") || !text.contains("://"), path + " names an address elsewhere");
            }
        }
    }
}

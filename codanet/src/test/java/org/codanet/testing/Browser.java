package org.codanet.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.codanet.bindings.testing.Skip;
import org.codanet.markup.Html;

/**
 * A headless Chromium. {@code -Dcodanet.browser=PATH} sets its path.
 *
 * @param path of the program
 * @param folder for profiles and output
 */
public record Browser(String path, Path folder) {
    /** Flag that makes the browser prefer dark colours. */
    public static final String DARK = "--blink-settings=preferredColorScheme=0";

    /** Skips the test if there is no browser. */
    public static Browser require(Path folder) {
        Optional<String> found = find();
        Skip.unless(found.isPresent(), "no chromium on the PATH, so the page was not seen by a browser");
        return new Browser(found.orElseThrow(), folder);
    }

    /** Fails unless the page fits a window of this width without scrolling sideways. */
    public void assertFits(String html, int width) throws Exception {
        // Browser windows have a minimum width, frames do not.
        String framed = "<!DOCTYPE html><html><body><iframe id=\"f\" width=\"" + width + "\" height=\"900\" srcdoc=\""
                + Html.escape(html)
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

    public BufferedImage screenshot(List<String> flags, String html) throws Exception {
        Path page = Files.writeString(folder.resolve("page.html"), html);
        return screenshot(flags, page.toUri());
    }

    public BufferedImage screenshot(List<String> flags, URI page) throws Exception {
        Path png = folder.resolve("page.png");
        List<String> arguments = new ArrayList<>(flags);
        arguments.addAll(List.of("--hide-scrollbars", "--window-size=1280,1800", "--screenshot=" + png));
        arguments.add(page.toString());
        run(arguments);
        return ImageIO.read(png.toFile());
    }

    /** What the browser wrote to standard error in its last run. */
    public String errors() {
        return text(folder.resolve("errors.txt"));
    }

    /** What its console said about the policy of the page in the last run, with {@code --enable-logging=stderr}. */
    public String violations() {
        return errors().lines()
                .filter(line -> line.contains("Content Security Policy"))
                .collect(Collectors.joining("\n"));
    }

    /** Standard output of the browser. */
    public String run(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                path,
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
        assertEquals(0, process.exitValue(), () -> "the browser failed: " + errors());
        return text(output);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Optional<String> find() {
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

package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.codanet.cli.Main;
import org.codanet.model.BundledModel;
import org.codanet.model.Preprocessing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library example of the README is a program that is compiled and run here. */
final class LibraryExampleTest {
    private static final List<String> README =
            SourceTree.lines(SourceTree.root().resolve("README.md"));

    @TempDir
    Path folder;

    @Test
    void theReadmeShowsTheWholeProgramWithItsImports() {
        String shown = withoutSpaces(block("```java"));
        List<String> source =
                SourceTree.lines(SourceTree.root().resolve("docs/src/test/java/org/codanet/docs/ExplainPhoto.java"));
        assertEquals(withoutSpaces(source.subList(1, source.size())), shown, "the program without its package line");
    }

    @Test
    void theReadmeNamesTheCoordinatesAndTheVersionOfTheParentPom() {
        String pom = String.join("\n", SourceTree.lines(SourceTree.root().resolve("pom.xml")));
        Matcher version = Pattern.compile("<artifactId>codanet-parent</artifactId>\\s*<version>([^<]+)</version>")
                .matcher(pom);
        assertTrue(version.find(), "the parent pom has no version");
        assertEquals(
                "<dependency><groupId>org.codanet</groupId><artifactId>codanet</artifactId><version>" + version.group(1)
                        + "</version></dependency>",
                withoutSpaces(block("```xml")));
    }

    @Test
    void aPhotoOfAnotherSizeGivesTheLogitOfTheCommandLine() throws IOException {
        Path photo = photo(300, 200);
        JsonObject expected = explainedByTheCommandLine(photo);

        String line = printedByTheExample(photo, folder.resolve("why.png"));

        double value = expected.get("value").getAsDouble();
        assertTrue(Math.abs(value) < 100, "a logit of " + value + " is that of a photo that was not resized");
        assertEquals(
                String.format(
                        Locale.ROOT,
                        "%s: logit %.3f = contributions %.3f + bias %.3f",
                        expected.get("label").getAsString(),
                        value,
                        expected.get("evidence").getAsDouble(),
                        expected.get("bias").getAsDouble()),
                line);
    }

    @Test
    void thePictureHasTheExtentsOfTheNetworksImages() throws IOException {
        Path png = folder.resolve("why.png");
        printedByTheExample(photo(90, 120), png);

        Preprocessing network =
                BundledModel.read().orElseThrow().preprocessing().orElseThrow();
        BufferedImage drawn = ImageIO.read(png.toFile());
        assertEquals(network.width(), drawn.getWidth());
        assertEquals(network.height(), drawn.getHeight());
    }

    private Path photo(int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(new Color(0x87ceeb));
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(new Color(0x8b4513));
        graphics.fillOval(width / 4, height / 4, width / 2, height / 2);
        graphics.dispose();
        Path file = folder.resolve("photo.png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private JsonObject explainedByTheCommandLine(Path photo) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(
                        "explain",
                        photo.toString(),
                        "--target",
                        "top1",
                        "--json",
                        "--output",
                        folder.resolve("maps").toString());
        assertEquals(0, code, err::toString);
        return JsonParser.parseString(out.toString())
                .getAsJsonObject()
                .getAsJsonArray("targets")
                .get(0)
                .getAsJsonObject();
    }

    private static String printedByTheExample(Path photo, Path png) throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            ExplainPhoto.main(new String[] {photo.toString(), png.toString()});
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8).strip();
    }

    private static List<String> block(String opening) {
        int start = README.indexOf(opening);
        assertFalse(start < 0, "the README has no block " + opening);
        List<String> rest = README.subList(start + 1, README.size());
        return rest.subList(0, rest.indexOf("```"));
    }

    /** The formatter may break the source at other places than the README. */
    private static String withoutSpaces(List<String> lines) {
        return String.join("", lines).replaceAll("\\s+", "");
    }
}

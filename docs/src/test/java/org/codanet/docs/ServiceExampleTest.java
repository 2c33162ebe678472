package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.codanet.explain.Target;
import org.codanet.model.BundledModel;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.pipeline.ImagePipeline;
import org.codanet.report.ExplainedClass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of the README that explains many photos, and its curl line, do what they say. */
final class ServiceExampleTest {
    private static final List<String> README =
            SourceTree.lines(SourceTree.root().resolve("README.md"));

    @TempDir
    Path folder;

    @Test
    void theReadmeShowsTheWholeProgramWithItsImports() {
        int start = README.lastIndexOf("```java");
        List<String> rest = README.subList(start + 1, README.size());
        List<String> source = SourceTree.lines(
                SourceTree.root().resolve("docs/src/test/java/org/codanet/docs/ExplainManyPhotos.java"));
        assertEquals(
                withoutSpaces(source.subList(1, source.size())), withoutSpaces(rest.subList(0, rest.indexOf("```"))));
    }

    @Test
    void theProgramPrintsWhatThePipelineComputes() throws IOException {
        ModelFile bundled = BundledModel.read().orElseThrow();
        Path model = folder.resolve("model.safetensors");
        bundled.write(model);
        List<String> arguments = new ArrayList<>(List.of(model.toString()));
        TreeSet<String> expected = new TreeSet<>();
        try (Device device = Devices.open("auto", DeviceOptions.defaults());
                ImagePipeline pipeline = ImagePipeline.open(bundled, device)) {
            for (int i = 0; i < 3; i++) {
                Path photo = photo(i);
                arguments.add(photo.toString());
                ExplainedClass best =
                        pipeline.explain(photo, Target.predicted()).explained().getFirst();
                expected.add(String.format(
                        Locale.ROOT,
                        "%s: %s, %.3f = contributions %.3f + bias %.3f",
                        photo.getFileName(),
                        best.name(),
                        best.score().logit(),
                        best.map().sum(),
                        best.bias()));
            }
        }
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            ExplainManyPhotos.main(arguments.toArray(String[]::new));
        } finally {
            System.setOut(before);
        }
        assertEquals(
                expected,
                new TreeSet<>(printed.toString(StandardCharsets.UTF_8).lines().toList()));
    }

    @Test
    void theCurlLineExplainsAPhoto() throws Exception {
        String line = README.stream()
                .map(String::strip)
                .filter(it -> it.startsWith("curl "))
                .findFirst()
                .orElseThrow();
        Process server = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        String.join(
                                ":", System.getProperty("java.class.path"), System.getProperty("jdk.module.path", "")),
                        "org.codanet.cli.Main",
                        "serve",
                        "--port",
                        "0",
                        "--device",
                        "cpu",
                        "--json")
                .redirectError(folder.resolve("err.txt").toFile())
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
            URI address = URI.create(JsonParser.parseString(out.readLine())
                    .getAsJsonObject()
                    .get("url")
                    .getAsString());
            List<String> words = List.of(line.replace("127.0.0.1:8080", address.getAuthority())
                    .replace("photo.jpg", photo(1).toString())
                    .split(" "));
            Process curl = new ProcessBuilder(words)
                    .redirectError(folder.resolve("curl.txt").toFile())
                    .start();
            String answer = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, curl.waitFor(), "exit code of curl");
            JsonObject json = JsonParser.parseString(answer).getAsJsonObject();
            assertEquals("codanet.serve.explain/1", json.get("schema").getAsString());
            assertEquals(10, json.getAsJsonArray("classes").size());
        } finally {
            server.destroy();
        }
        assertTrue(server.waitFor(30, TimeUnit.SECONDS), "the server did not stop");
        assertEquals(0, server.exitValue());
    }

    private Path photo(int number) throws IOException {
        BufferedImage image = new BufferedImage(200, 150 + number, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(new Color(0x87ceeb + 40 * number));
        graphics.fillRect(0, 0, 200, 200);
        graphics.setColor(new Color(0x8b4513));
        graphics.fillOval(50, 40 + 9 * number, 90, 60);
        graphics.dispose();
        Path file = folder.resolve("photo" + number + ".png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private static String withoutSpaces(List<String> lines) {
        return String.join("", lines).replaceAll("\\s+", "");
    }
}

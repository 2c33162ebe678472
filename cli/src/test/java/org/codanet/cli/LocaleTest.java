package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.codanet.file.FileName;
import org.codanet.model.ModelFile;
import org.codanet.train.TrainingRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands in new processes without the launcher, which would replace the locale. */
final class LocaleTest {
    private static final String NOT_INSTALLED = "xx_XX.UTF-8";

    @TempDir
    static Path folder;

    private static Path data;
    private static Path config;

    /** Two classes, "Äpfel" and "Birnen", with three pictures each. */
    @BeforeAll
    static void makeFiles() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        for (String part : List.of("train", "test")) {
            for (String name : List.of("Äpfel", "Birnen")) {
                Path pictures = Files.createDirectories(FileName.resolve(data.resolve(part), name));
                for (int i = 0; i < 3; i++) {
                    Path plain = Samples.picture(folder.resolve("plain.png"));
                    Files.move(plain, FileName.resolve(pictures, i + "ß.png"));
                }
            }
        }
        config = Files.writeString(folder.resolve("small.json"), """
                {"in_channels": 6, "out_channels": [4, 2], "ranks": [2, 2], "kernels": [3, 3], "strides": [4, 4],
                 "paddings": [0, 0], "norm": "SQ", "temperature": 10, "num_classes": 2, "add_inverse": true}
                """);
    }

    private record Output(int code, String text) {
        Output succeeded() {
            assertEquals(0, code, text);
            return this;
        }
    }

    private static Output run(String locale, String javaOptions, Object... arguments) throws Exception {
        ProcessBuilder builder = Run.program(arguments).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
        builder.environment().put("LC_ALL", locale);
        builder.environment().put("JDK_JAVA_OPTIONS", javaOptions);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Output(process.waitFor(), text);
    }

    private static Object[] train(Path out, String epochs, Object... more) {
        List<Object> words = new ArrayList<>(List.of("train", "--config", config, "--data", data, "--out", out));
        words.addAll(List.of("--epochs", epochs, "--batch", "2", "--device", "cpu", "--threads", "1"));
        words.addAll(List.of(more));
        return words.toArray();
    }

    @Nested
    final class InALocaleThatIsNotInstalled {
        @Test
        void labelsAndFileNamesAreUtf8() throws Exception {
            Path out = folder.resolve("labels");
            run(NOT_INSTALLED, "", train(out, "1")).succeeded();

            Path model = new TrainingRun(out).last();
            assertEquals(
                    List.of("Birnen", "Äpfel"), ModelFile.read(model).config().labels());
            Path pictures = FileName.resolve(data.resolve("test"), "Äpfel");
            Files.createSymbolicLink(folder.resolve("link"), pictures);
            String json = run(NOT_INSTALLED, "", "predict", "--json", "--model", model, folder.resolve("link"))
                    .succeeded()
                    .text();
            assertTrue(json.contains("link/0ß.png\"") && json.contains("\"label\":\"Äpfel\""), json);
            Path maps = folder.resolve("maps");
            run(
                            NOT_INSTALLED,
                            "",
                            "explain",
                            "--model",
                            model,
                            folder.resolve("link"),
                            "--output",
                            maps,
                            "--target",
                            "0,1")
                    .succeeded();
            List<String> written = Samples.namesIn(maps);
            assertTrue(written.stream().anyMatch(name -> name.endsWith("link_0ß-Äpfel.png")), written.toString());
        }

        @Test
        void anArgumentThatJavaCannotReadIsRefused() throws Exception {
            Output output = run(NOT_INSTALLED, "", "predict", "h\u00f6he.png");
            assertEquals(2, output.code(), output.text());
            assertTrue(output.text().contains("set LC_ALL=C.UTF-8"), output.text());
        }
    }

    @Nested
    final class InALocaleWithOtherDigits {
        private static final String EGYPT = "-Duser.language=ar -Duser.country=EG -Duser.region=EG";

        @Test
        void filesAndMessagesHaveTheSameDigits() throws Exception {
            Path plain = folder.resolve("plain");
            Path egypt = folder.resolve("egypt");
            run("C.UTF-8", "", train(plain, "2")).succeeded();
            String messages =
                    run("C.UTF-8", EGYPT, train(egypt, "2")).succeeded().text();

            assertTrue(messages.contains("epoch 2/2"), messages);
            assertTrue(messages.chars().noneMatch(c -> c > 0x600 && c < 0x700), messages);
            for (String name : List.of("last.safetensors", "best.safetensors")) {
                assertEquals(
                        -1,
                        Files.mismatch(plain.resolve(name), egypt.resolve(name)),
                        () -> "the first byte that differs in " + name);
            }
            assertEquals(Files.readString(plain.resolve("curve.svg")), Files.readString(egypt.resolve("curve.svg")));
        }

        @Test
        void aRunIsResumedThatBeganInAnotherLocale() throws Exception {
            Path out = folder.resolve("resumed");
            run(NOT_INSTALLED, "", train(out, "1")).succeeded();
            run("C.UTF-8", EGYPT, train(out, "1", "--resume")).succeeded();
        }
    }
}

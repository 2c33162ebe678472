package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.codanet.bindings.testing.Skip;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.render.Picture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * For wrong usage and for broken or hostile files, the program prints one clear sentence and no stack trace. It ends with the
 * right exit code.
 */
final class BadInputTest {
    @TempDir
    static Path folder;

    private static Path model;
    private static Path picture;
    private static Path config;

    @BeforeAll
    static void makeFiles() throws IOException {
        model = Samples.model(folder, false);
        picture = Samples.picture(folder.resolve("fine.png"));
        config = Files.writeString(
                folder.resolve("config.json"), Samples.config(false).toJson());
    }

    @Nested
    final class PictureFiles {
        @Test
        void aFileWithOtherContentIsRefused() throws IOException {
            Path junk = Files.writeString(folder.resolve("junk.png"), "not a picture");
            Run.of("predict", "--model", model, junk).failsWith(1, "junk.png");
        }

        @Test
        void aTruncatedFileIsRefused() throws IOException {
            byte[] whole = Files.readAllBytes(picture);
            Path cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2));
            Run.of("explain", "--model", model, cut, "--output", folder.resolve("none"))
                    .failsWith(1, "cut.png");
        }

        @Test
        void aMissingFileIsRefused() {
            Run.of("predict", "--model", model, folder.resolve("absent.png")).failsWith(1, "absent.png");
        }

        @Test
        void anEmptyFolderIsRefused() throws IOException {
            Path empty = Files.createDirectory(folder.resolve("empty"));
            Run.of("predict", "--model", model, empty).failsWith(1, "empty", "holds no");
            Run.of("evaluate", "--model", model, "--data", empty).failsWith(1, "empty");
            Run.of("train", "--config", config, "--data", empty, "--out", folder.resolve("run-empty"))
                    .failsWith(1, "empty");
        }
    }

    @Nested
    final class ArraysOfImages {
        @Test
        void aWrongShapeIsRefused() throws IOException {
            Path grey = Samples.array(folder, "grey.npy", 2, 1);
            Run.of("predict", "--model", model, "--input", grey).failsWith(1, "grey.npy", "(N, 3, H, W)");
            Path flat = Samples.array(folder, "flat.npy", List.of(6), new float[6]);
            Run.of("explain", "--model", model, "--input", flat, "--output", folder.resolve("C.npy"))
                    .failsWith(1, "flat.npy", "[6]");
            Path none = Samples.array(folder, "none.npy", List.of(0, 3, 9, 7), new float[0]);
            Run.of("predict", "--model", model, "--input", none).failsWith(1, "none.npy");
        }

        @Test
        void valuesThatAreNotPixelsAreRefused() throws IOException {
            List<Integer> shape = List.of(2, 3, Samples.HEIGHT, Samples.WIDTH);
            float[] values = Samples.values(2, 3);
            values[values.length - 1] = 1.5f;
            Path beyond = Samples.array(folder, "beyond.npy", shape, values);
            Run.of("predict", "--model", model, "--input", beyond)
                    .failsWith(1, "beyond.npy", "image 1", "1.5", "0 to 1");
            Path longs = folder.resolve("longs.npy");
            NpyFile.write(longs, TensorData.ofLongs(shape, new long[values.length]));
            Run.of("explain", "--model", model, "--input", longs, "--output", folder.resolve("C.npy"))
                    .failsWith(1, "longs.npy", "I64");
            Path flat = Samples.array(folder, "no-rows.npy", List.of(1, 3, 0, Samples.WIDTH), new float[0]);
            Run.of("predict", "--model", model, "--input", flat).failsWith(1, "no-rows.npy");
        }

        @Test
        void theImageWithANaNIsNamed() throws IOException {
            float[] values = Samples.values(3, 3);
            values[2 * 3 * Samples.HEIGHT * Samples.WIDTH + 5] = Float.NaN;
            Path file = Samples.array(folder, "nan.npy", List.of(3, 3, Samples.HEIGHT, Samples.WIDTH), values);
            Path out = folder.resolve("nan-logits.npy");
            Run.of("predict", "--model", model, "--input", file, "--output", out)
                    .failsWith(1, "nan.npy", "image 2", "NaN");
            assertFalse(Files.exists(out), "an unfinished array was left");
        }
    }

    @Nested
    final class Models {
        @Test
        void aTruncatedFileIsRefused() throws IOException {
            byte[] whole = Files.readAllBytes(model);
            Path cut = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(whole, whole.length - 100));
            Run.of("predict", "--model", cut, picture).failsWith(1, "cut.safetensors");
            Run.of("inspect", cut).failsWith(1, "cut.safetensors");
        }

        @Test
        void aMissingFileIsRefused() {
            Path absent = folder.resolve("absent.safetensors");
            Run.of("plan", absent).failsWith(1, absent.toString(), "neither a file nor an experiment");
        }

        @Test
        void aConfigOfAnotherNetworkIsRefused() throws IOException {
            Path other = Files.writeString(
                    folder.resolve("other.json"),
                    Samples.config(false).toJson().replace("\"temperature\": 2.0", "\"temperature\": 3.0"));
            Run.of("predict", "--model", model, "--config", other, picture).failsWith(1, "another network");
        }

        /** If Python unpickled the file, it would run {@code touch}: GLOBAL posix system, MARK, STRING, TUPLE, REDUCE, STOP. */
        @Test
        void codeInAPickleDoesNotRun() throws IOException {
            Path proof = folder.resolve("pickle-ran");
            String pickle = "cposix\nsystem\n(S'touch " + proof + "'\ntR.";
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
                for (String entry : List.of("archive/data.pkl", "archive/version")) {
                    zip.putNextEntry(new ZipEntry(entry));
                    zip.write((entry.endsWith("pkl") ? pickle : "3\n").getBytes(StandardCharsets.US_ASCII));
                }
            }
            Path evil = Files.write(folder.resolve("evil.pkl"), bytes.toByteArray());
            Run.of("convert", "--config", config, evil, folder.resolve("out.safetensors"))
                    .failsWith(1, "evil.pkl");
            assertFalse(Files.exists(proof), "code in the pickle was run");
            assertFalse(Files.exists(folder.resolve("out.safetensors")), "something was written");
        }
    }

    @Nested
    final class ConfigsAndRecipes {
        @Test
        void jsonThatIsNotUtf8IsRefused() throws IOException {
            Path latin = Files.write(folder.resolve("latin.json"), new byte[] {'{', '"', (byte) 0xE9, '"', '}'});
            Path out = folder.resolve("run-latin");
            Run.of("train", "--config", latin, "--data", folder, "--out", out).failsWith(1, "latin.json", "UTF-8");
            Run.of("train", "--config", config, "--recipe", latin, "--data", folder, "--out", out)
                    .failsWith(1, "latin.json", "UTF-8");
        }

        static Stream<Arguments> badConfigs() {
            return Stream.of(
                    Arguments.of("\"ranks\":[4,3]", "\"ranks\":[4,0]", "ranks"),
                    Arguments.of("\"kernels\":[3,3]", "\"kernels\":[0,3]", "kernels"),
                    Arguments.of("\"strides\":[1,2]", "\"strides\":[1]", "strides"),
                    Arguments.of("\"norm\":\"SQ\"", "\"norm\":\"L7\"", "L7"),
                    Arguments.of("\"bias\"", "\"bios\"", "bios"),
                    Arguments.of("}", "", "config"));
        }

        @ParameterizedTest
        @MethodSource("badConfigs")
        void theWrongFieldOfAConfigIsNamed(String from, String to, String named) throws IOException {
            String good = Samples.config(false).toJson().replaceAll("\\s+", "");
            assertTrue(good.contains(from), good);
            Path bad = Files.writeString(folder.resolve("bad.json"), good.replace(from, to));
            Run.of("plan", bad).failsWith(1, "bad.json", named);
        }

        @Test
        void stridesThatLeaveNoOutputAreRefused() throws IOException {
            String json = Samples.config(false)
                    .toJson()
                    .replaceAll("\\s+", "")
                    .replace("\"paddings\":[1,1]", "\"paddings\":[0,0]");
            Path bad = Files.writeString(folder.resolve("shrinks.json"), json);
            Run.of("plan", bad, "--size", "4").failsWith(2, "leaves nothing");
        }
    }

    @Nested
    final class InputsOfEveryCommand {
        /** Command lines with the input {@code HERE}. Each test replaces it with its own bad input. */
        static Stream<List<Object>> commandsWithAnInput() {
            return Stream.of(
                    List.of("predict", "--model", "M", "HERE"),
                    List.of("predict", "--model", "HERE", "P"),
                    List.of("explain", "--model", "M", "--input", "HERE"),
                    List.of("explain", "--model", "HERE", "P"),
                    List.of("evaluate", "--model", "M", "--data", "HERE"),
                    List.of("evaluate", "--model", "HERE", "--data", "."),
                    List.of("train", "--config", "C", "--out", "O", "--data", "HERE"),
                    List.of("train", "--config", "HERE", "--out", "O", "--data", "."),
                    List.of("train", "--config", "C", "--recipe", "HERE", "--out", "O", "--data", "."),
                    List.of("quickstart", "--out", "O", "--data", "HERE"),
                    List.of("convert", "HERE", "O"),
                    List.of("convert", "--config", "HERE", "M", "O"),
                    List.of("inspect", "HERE"),
                    List.of("plan", "HERE"),
                    List.of("bench", "--model", "HERE"));
        }

        @ParameterizedTest
        @MethodSource("commandsWithAnInput")
        void aMissingInputOrOneOfAnotherKindIsNamed(List<Object> words) throws IOException {
            Path empty = Files.createDirectories(folder.resolve("nothing-in-it"));
            for (Path here : List.of(folder.resolve("not-there.json"), empty, folder.resolve("fine.png/below.json"))) {
                Object[] arguments = words.stream()
                        .map(w -> switch (w.toString()) {
                            case "M" -> model;
                            case "P" -> picture;
                            case "C" -> config;
                            case "O" -> folder.resolve("out-of-nothing");
                            case "HERE" -> here;
                            default -> w;
                        })
                        .toArray();
                Run.of(arguments).failsWith(1, here.toString());
            }
        }

        @ParameterizedTest
        @MethodSource("commandsWithAnInput")
        void anEmptyNameIsNotTheCurrentFolder(List<Object> words) {
            Run.of(words.stream().map(w -> w.equals("HERE") ? "" : w).toArray()).failsWith(2, "empty name");
        }
    }

    @Nested
    final class OutputFiles {
        @Test
        void anEmptyNameIsNotTheCurrentFolder() {
            Run.of("predict", "--model", model, picture, "--output", "").failsWith(2, "--output", "empty name");
            Run.of("explain", "--model", model, picture, "--output", "").failsWith(2, "--output", "empty name");
            Run.of("convert", model, "").failsWith(2, "OUT", "empty name");
            Run.of("train", "--config", config, "--data", folder, "--out", "").failsWith(2, "--out", "empty name");
            Run.of("quickstart", "--out", "").failsWith(2, "--out", "empty name");
        }

        @Test
        void aFileInTheWayIsNamed() throws IOException {
            Path file = Files.writeString(folder.resolve("afile"), "");
            Path array = Samples.array(folder, "two.npy", 2, 3);
            for (String below : List.of("y.npy", "deep/y.npy")) {
                Run.of("predict", "--model", model, "--input", array, "--output", file.resolve(below))
                        .failsWith(1, file + " is a file, not a folder");
            }
            Run.of("convert", model, file.resolve("m.safetensors")).failsWith(1, file + " is a file, not a folder");
            Run.of("explain", "--model", model, picture, "--output", file.resolve("maps"))
                    .failsWith(1, file.resolve("maps").toString(), "a file is in the way: " + file);
            Run.of("explain", "--model", model, picture, "--output", file)
                    .failsWith(1, "a file is in the way: " + file);
        }

        @Test
        void anOutputThatCannotBeWrittenIsNamed() {
            // Not even root can write to /proc.
            Skip.unless(Files.isDirectory(Path.of("/proc/self")), "this system has no /proc");
            Run.of("convert", model, "/proc/out.safetensors").failsWith(1, "/proc/out.safetensors");
            Run.of("explain", "--model", model, picture, "--output", "/proc/maps")
                    .failsWith(1, "/proc/maps");
            Run.of("convert", model, folder.resolve("no/such/folder/out.safetensors"))
                    .failsWith(1, "does not exist");
            Run.of("explain", "--model", model, picture, "--output", picture).failsWith(1, "in the way");
        }

        @Test
        void aPictureThatCannotBeWrittenIsNamed() {
            Path file = folder.resolve("absent").resolve("map.png");
            IOException thrown = assertThrows(
                    IOException.class,
                    () -> Picture.writePng(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), file));
            assertTrue(thrown.getMessage().contains(file.toString()), thrown.getMessage());
            Path full = Path.of("/dev/full");
            Skip.unless(Files.exists(full) && !Files.isRegularFile(full), "this system has no /dev/full");
            thrown = assertThrows(
                    IOException.class,
                    () -> Picture.writePng(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), full));
            assertTrue(thrown.getMessage().contains("/dev/full"), thrown.getMessage());
        }

        @Test
        void aFullDiskIsReported() {
            Path full = Path.of("/dev/full");
            Skip.unless(Files.exists(full) && !Files.isRegularFile(full), "this system has no /dev/full");
            Run.of("convert", model, full).failsWith(1, "/dev/full", "space");
        }
    }

    @Nested
    final class Options {
        static Stream<List<String>> wrongUsage() {
            return Stream.of(
                    List.of("predict", "--model", "M"),
                    List.of("predict", "--model", "M", "--threads", "-1", "P"),
                    List.of("predict", "--model", "M", "--threads", "two", "P"),
                    List.of("predict", "--model", "M", "--device", "abacus", "P"),
                    List.of("predict", "--model", "M", "--device", "cpu:x", "P"),
                    List.of("predict", "--model", "M", "--memory", "lots", "P"),
                    List.of("predict", "--model", "M", "--precision", "fp7", "P"),
                    List.of("predict", "--model", "M", "--top", "0", "P"),
                    List.of("explain", "--model", "M", "--target", "9", "P"),
                    List.of("explain", "--model", "M", "--target", "unicorn", "P"),
                    List.of("explain", "--model", "M", "--target", "0,0", "P"),
                    List.of("explain", "--model", "M", "--target", "top0", "P"),
                    List.of("explain", "--model", "M", "--against", "1", "P"),
                    List.of("explain", "--model", "M", "--channels", "P"),
                    List.of("explain", "--model", "M", "--range", "-1", "P"),
                    List.of("plan"),
                    List.of("plan", "M", "--batch", "0"),
                    List.of("plan", "M", "--lambda", "-1"),
                    List.of("plan", "M", "--size", "0x5"),
                    List.of("bench", "--model", "M", "--batches", "0"),
                    List.of("bench", "--model", "M", "--what", "sleep"),
                    List.of("bench", "--model", "M", "--seconds", "0"),
                    List.of("bench", "--model", "M", "--what", "service,train"),
                    List.of("bench", "--model", "M", "--what", "service", "--clients", "0"),
                    List.of("bench", "--model", "M", "--what", "service", "--rate", "0"),
                    List.of("plan", "M", "--model", "M"),
                    List.of("inspect"),
                    List.of("inspect", "M", "--experiments"),
                    List.of("inspect", "M", "--experiment", "XS-CoDA-grey"),
                    List.of("inspect", "--experiment", "no-such"),
                    List.of("convert", "M"),
                    List.of("train", "--data", "D", "--out", "O"),
                    List.of("train", "--experiment", "XS-CoDA-grey", "--out", "O"),
                    List.of("evaluate", "--model", "M"));
        }

        @ParameterizedTest
        @MethodSource("wrongUsage")
        void wrongUsageHasExitCodeTwo(List<String> words) {
            Object[] arguments = words.stream()
                    .map(w -> w.equals("M") ? model.toString() : w.equals("P") ? picture.toString() : w)
                    .toArray();
            Run.of(arguments).failure(2);
        }

        @Test
        void numbersBeyondAnyMachineAreRefused() {
            Run.of("plan", config, "--batch", Integer.MAX_VALUE).failsWith(2, "2,147,483,647 images");
            Run.of("plan", config, "--size", Integer.MAX_VALUE).failsWith(2, "2,147,483,647 x 2,147,483,647");
            Run.of("plan", "XS-CoDA-SQ-30", "--for", "explain_all", "--batch", 300_000)
                    .failsWith(2, "more values than one array can have", "fewer images");
            Run.of("bench", "--model", config, "--batches", Integer.MAX_VALUE).failsWith(2, "images");
            Run.of("predict", "--model", model, picture, "--threads", 100_000).failsWith(2, "--threads", "4096");
            Run.of(
                            "train",
                            "--config",
                            config,
                            "--data",
                            folder,
                            "--out",
                            folder.resolve("run-huge"),
                            "--accumulate",
                            Integer.MAX_VALUE)
                    .failsWith(2, "--accumulate");
        }

        @Test
        void aMissingDeviceIsNotReplacedByAnother() {
            Run run = Run.of("predict", "--model", model, "--device", "cuda", picture);
            Skip.unless(run.code() != 0, "this machine has a CUDA device");
            assertTrue(run.failure(run.code()).contains("cuda"), run.err());
            assertEquals("", run.out());
        }

        @Test
        void verbosePrintsTheStackTrace() {
            Run run = Run.of("predict", "--verbose", "--model", model, folder.resolve("absent.png"));
            assertEquals(1, run.code());
            assertTrue(run.err().contains("\tat org.codanet"), run.err());
        }
    }
}

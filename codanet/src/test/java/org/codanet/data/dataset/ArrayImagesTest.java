package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.ZipFile;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data sets in NumPy arrays. NumPy wrote the files in the folder arrays; bench/peers/make_arrays.py regenerates them. */
class ArrayImagesTest {
    @TempDir
    Path folder;

    @Nested
    class Labels {
        @ParameterizedTest
        @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})
        void haveAnyIntegerType(int type) throws IOException {
            assertEquals(List.of(2, 0, 1), labelsOf(dataWithLabels("type" + type)));
        }

        @Test
        void mayBeAColumn() throws IOException {
            assertEquals(List.of(2, 0, 1), labelsOf(dataWithLabels("column")));
            for (Split split : Split.values()) {
                Path trouble = resource("/org/codanet/trouble/labels_n1");
                TensorData expected = NpyFile.read(trouble.resolve("y_" + split.folder() + ".npy"));
                assertEquals(split == Split.TRAIN ? 2 : 1, expected.shape().size());
                assertEquals(
                        IntStream.range(0, expected.count())
                                .mapToObj(i -> (int) expected.toLongs()[i])
                                .toList(),
                        labelsOf(Datasets.open(trouble, split)));
            }
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                text     | has elements of type <U3; labels are integers, one per image
                floats   | holds F64; labels are integers, one per image: save y.astype('int64')
                one_hot  | has the shape (3, 3); labels are (N) or (N, 1); numpy.argmax(y, axis=1) makes them of one-hot labels
                negative | image 1 has label -1; labels are counted from 0
                huge     | image 0 has label 18446744073709551615; labels are counted from 0
                """)
        void ofOtherKindsAreRefusedAsLabels(String array, String reason) throws IOException {
            dataWithLabelsFile(array);
            assertEquals(
                    folder.resolve("y_train.npy") + ": " + reason,
                    assertThrows(FileFormatException.class, () -> Datasets.open(folder, Split.TRAIN))
                            .getMessage());
        }

        @Test
        void ofBothPartsDecideHowManyClassesThereAre() throws IOException {
            dataWithLabelsFile("column");
            NpyFile.write(folder.resolve("X_test.npy"), TensorData.ofBytes(List.of(1, 1, 1, 1), new byte[1]));
            NpyFile.write(folder.resolve("y_test.npy"), TensorData.ofLongs(List.of(1), new long[] {0}));
            assertEquals(
                    List.of("0", "1", "2"), Datasets.open(folder, Split.TEST).classNames());
        }
    }

    @Nested
    class Archives {
        @Test
        void ofKerasHaveChannelsLast() throws IOException {
            ImageDataset train = Datasets.open(array("keras.npz"), Split.TRAIN);
            assertEquals(List.of(3, 5, 4), List.of(train.channels(), train.height(), train.width()));
            assertEquals(List.of(1, 9), labelsOf(train));
            assertEquals((100 + 30 * 2 + 5 + 3) / 255f, train.read(1).values()[(2 * 5 + 1) * 4 + 3]);
            ImageDataset test = Datasets.open(array("keras.npz"), Split.TEST);
            assertEquals(List.of(3), labelsOf(test));
            assertEquals(10, test.classNames().size());
            assertArrayEquals(train.read(1).values(), test.read(0).values());
        }

        @Test
        void thatAreNotUsedAreNamed() throws IOException {
            NpyFile.write(folder.resolve("X.npy"), TensorData.ofBytes(List.of(1, 1, 1, 1), new byte[1]));
            NpyFile.write(folder.resolve("weights.npy"), TensorData.ofBytes(List.of(1), new byte[1]));
            assertEquals(
                    List.of(
                            "no arrays X_train and X_test, so all images serve both for training and for testing; --held-out splits them",
                            "arrays that are not used: weights"),
                    Datasets.open(folder, Split.TEST).remarks());
        }

        @Test
        void ofMedMnistHaveNoChannelAxis() throws IOException {
            ImageDataset test = Datasets.open(array("medmnist.npz"), Split.TEST);
            assertEquals(List.of(1, 3, 4), List.of(test.channels(), test.height(), test.width()));
            assertEquals(1, test.size());
            assertEquals(12 / 255f, test.read(0).values()[0]);
        }

        @Test
        void areFoundInAFolder() throws IOException {
            Files.copy(array("keras.npz"), folder.resolve("data.npz"));
            assertEquals(2, Datasets.open(folder, Split.TRAIN).size());
            Files.copy(array("medmnist.npz"), folder.resolve("other.npz"));
            assertEquals(
                    folder + ": holds several sets of arrays, data.npz and others;"
                            + " give one .npz file in place of the folder",
                    assertThrows(FileFormatException.class, () -> Datasets.open(folder, Split.TRAIN))
                            .getMessage());
        }

        @Test
        void withoutKnownNamesAreRefusedWithTheNamesToUse() {
            Path file = array("unnamed.npz");
            assertEquals(
                    file + ": holds the arrays [arr_0, arr_1], which are not known as images;"
                            + " name them X_train, y_train, X_test and y_test, or X and y",
                    assertThrows(FileFormatException.class, () -> Datasets.open(file, Split.TRAIN))
                            .getMessage());
        }

        @Test
        void thatAreDamagedAreRefused() throws IOException {
            byte[] whole = Files.readAllBytes(array("medmnist.npz"));
            for (int length : new int[] {0, 100, whole.length - 10}) {
                Path file = Files.write(folder.resolve("cut.npz"), Arrays.copyOf(whole, length));
                String message = assertThrows(FileFormatException.class, () -> Datasets.open(file, Split.TRAIN))
                        .getMessage();
                assertEquals(0, message.indexOf(file + ": is not a sound .npz file"), message);
            }
        }
    }

    @Nested
    class Images {
        @Test
        void ofIntegersAreRead() throws IOException {
            NpyFile.write(folder.resolve("X.npy"), TensorData.ofLongs(List.of(1, 1, 1, 2), new long[] {51, 255}));
            assertArrayEquals(
                    new float[] {0.2f, 1},
                    Datasets.open(folder, Split.TEST).read(0).values());
            NpyFile.write(folder.resolve("X.npy"), TensorData.ofLongs(List.of(1, 1, 1, 2), new long[] {0, 256}));
            assertEquals(
                    folder.resolve("X.npy") + ": image 0 has the value 256; integers must be from 0 to 255",
                    assertThrows(FileFormatException.class, () -> Datasets.open(folder, Split.TEST))
                            .getMessage());
        }

        @Test
        void ofDoublesAreRead() throws IOException {
            NpyFile.write(folder.resolve("X.npy"), TensorData.ofDoubles(List.of(1, 1, 1, 2), new double[] {0.1, 1}));
            assertArrayEquals(
                    new float[] {0.1f, 1},
                    Datasets.open(folder, Split.TEST).read(0).values());
        }
    }

    private ImageDataset dataWithLabels(String array) throws IOException {
        dataWithLabelsFile(array);
        return Datasets.open(folder, Split.TRAIN);
    }

    /** Writes three images of one pixel, and copies an array of labels.npz to y_train.npy. */
    private void dataWithLabelsFile(String array) throws IOException {
        NpyFile.write(folder.resolve("X_train.npy"), TensorData.ofBytes(List.of(3, 1, 1, 1), new byte[3]));
        try (ZipFile zip = new ZipFile(array("labels.npz").toFile())) {
            Files.write(
                    folder.resolve("y_train.npy"),
                    zip.getInputStream(zip.getEntry(array + ".npy")).readAllBytes());
        }
    }

    private static List<Integer> labelsOf(ImageDataset data) {
        return IntStream.range(0, data.size()).mapToObj(data::label).toList();
    }

    private static Path array(String name) {
        return resource("arrays/" + name);
    }

    private static Path resource(String name) {
        try {
            return Path.of(ArrayImagesTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}

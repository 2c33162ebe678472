package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.codanet.data.image.Pixels;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every supported format is opened, and everything else is refused with one sentence. */
class DatasetsTest {
    private static final int CIFAR_RECORD = 1 + 3 * 32 * 32;

    @TempDir
    Path folder;

    /** Records with the given labels. Every byte of image i is 10 i + c in channel c. */
    private static byte[] cifar(int... labels) {
        byte[] bytes = new byte[labels.length * CIFAR_RECORD];
        for (int i = 0; i < labels.length; i++) {
            bytes[i * CIFAR_RECORD] = (byte) labels[i];
            for (int k = 0; k < CIFAR_RECORD - 1; k++) {
                bytes[i * CIFAR_RECORD + 1 + k] = (byte) (10 * i + k / 1024);
            }
        }
        return bytes;
    }

    private static byte[] idx(int magic, List<Integer> shape, byte[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * shape.size() + values.length);
        bytes.putInt(magic);
        shape.forEach(bytes::putInt);
        return bytes.put(values).array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private void file(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private void picture(String name, int width, int height, int rgb) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, rgb);
        }
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        ImageIO.write(image, "png", file.toFile());
    }

    private String refusal(Split split) {
        String message = assertThrows(FileFormatException.class, () -> Datasets.open(folder, split))
                .getMessage();
        assertTrue(message.startsWith(folder.toString()), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Test
    void readsCifarFilesOneAfterAnother() throws IOException {
        file("data_batch_1.bin", cifar(3, 9));
        file("data_batch_2.bin", cifar(0));
        file("test_batch.bin", cifar(7));
        ImageDataset data = Datasets.open(folder, Split.TRAIN);
        assertEquals("CIFAR-10", data.name());
        assertEquals(3, data.size());
        assertEquals(List.of(3, 32, 32), List.of(data.channels(), data.height(), data.width()));
        assertEquals(List.of(3, 9, 0), List.of(data.label(0), data.label(1), data.label(2)));
        assertEquals("cat", data.classNames().get(data.label(0)));
        assertEquals(12 / 255f, data.read(1).values()[2 * 1024]); // image 1, blue
        assertTrue(data.imageName(2).endsWith("data_batch_2.bin, image 0"), data.imageName(2));
        assertEquals(7, Datasets.open(folder, Split.TEST).label(0));
        assertTrue(Datasets.isSplit(folder));
        assertEquals(
                List.of("files that are missing: data_batch_3.bin, data_batch_4.bin, data_batch_5.bin"),
                data.remarks());
        assertEquals(List.of(), Datasets.open(folder, Split.TEST).remarks());
    }

    @Test
    void readsCifarInTheFolderThatItsArchiveMakesWithItsOwnClassNames() throws IOException {
        file("cifar-10-batches-bin/test_batch.bin", cifar(1));
        file("cifar-10-batches-bin/batches.meta.txt", "plane\ncar\n\n".getBytes());
        assertEquals(List.of("plane", "car"), Datasets.open(folder, Split.TEST).classNames());
        assertTrue(refusal(Split.TRAIN).contains("none with training images"));
    }

    @Test
    void refusesAFolderWithTwoFormats() throws IOException {
        file("data_batch_1.bin", cifar(1));
        NpyFile.write(folder.resolve("X.npy"), TensorData.ofFloats(List.of(1, 3, 2, 2), new float[12]));
        String two = refusal(Split.TRAIN);
        assertTrue(two.contains("CIFAR-10 in its binary version and NumPy arrays; move each"), two);
        Files.delete(folder.resolve("X.npy"));
        picture("train/cat/1.png", 2, 2, 0);
        String pictures = refusal(Split.TRAIN);
        assertTrue(pictures.contains("binary version and pictures in train/<class>/"), pictures);
    }

    @Test
    void refusesAFolderWithTwoDataSets() throws IOException {
        file("cifar-10-batches-bin/data_batch_1.bin", cifar(1));
        file("MNIST/raw/train-images-idx3-ubyte", new byte[0]);
        String message = refusal(Split.TRAIN);
        assertTrue(message.contains("several data sets, cifar-10-batches-bin and MNIST/raw; name"), message);
    }

    @Test
    void namesPicturesBesideTheFilesOfAnotherFormat() throws IOException {
        file("data_batch_1.bin", cifar(1));
        picture("maps/1.png", 2, 2, 0);
        file("notes/readme.txt", new byte[0]);
        ImageDataset data = Datasets.open(folder, Split.TRAIN);
        assertEquals(
                "folders of pictures that are not used: maps", data.remarks().getLast());
        assertTrue(ImageLoader.inBytes(data, 1, ImageLoader.Unreadable.STOP) == data, "it is in memory");
    }

    @Test
    void refusesACifarFileThatIsCutShortOrHasNoSuchClass() throws IOException {
        file("test_batch.bin", new byte[CIFAR_RECORD - 1]);
        assertTrue(refusal(Split.TEST).contains("3,072 bytes"));
        file("test_batch.bin", cifar(2, 10));
        assertTrue(refusal(Split.TEST).contains("image 1 has label 10, there are 10 classes"));
    }

    @Test
    void readsTheFineLabelsOfCifar100() throws IOException {
        byte[] record = new byte[2 + 3 * 32 * 32];
        record[0] = 4;
        record[1] = 99;
        record[2] = 51;
        file("cifar-100-binary/train.bin", record);
        ImageDataset numbered = Datasets.open(folder, Split.TRAIN);
        assertEquals(ClassNaming.NUMBERS, numbered.naming());
        file(
                "cifar-100-binary/fine_label_names.txt",
                "name\n".repeat(99).concat("worm\n").getBytes());
        ImageDataset data = Datasets.open(folder, Split.TRAIN);
        assertEquals("CIFAR-100", data.name());
        assertEquals("worm", data.classNames().get(data.label(0)));
        assertEquals(0.2f, data.read(0).values()[0]);
        assertTrue(Datasets.isSplit(folder));
        assertTrue(refusal(Split.TEST).contains("none with test images"));
        file("cifar-100-binary/test.bin", new byte[3073]);
        assertTrue(refusal(Split.TEST).contains("3,073 bytes, not one or more records of 3,074"));
    }

    /** A pickle as Python 2 writes it, where text and bytes have the same string type. */
    private static byte[] pickled(String labelsKey, int label, int firstByte) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] key = labelsKey.getBytes();
        out.writeBytes(new byte[] {(byte) 0x80, 2, '}', '(', 'U', (byte) key.length});
        out.writeBytes(key);
        out.writeBytes(new byte[] {']', 'K', (byte) label, 'a', 'U', 4});
        out.writeBytes("datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n".getBytes());
        out.writeBytes(
                new byte[] {'K', 0, (byte) 0x85, 'U', 1, 'b', (byte) 0x87, 'R', '(', 'K', 1, 'K', 1, 'M', 0, 12});
        out.write(0x86);
        out.writeBytes("cnumpy\ndtype\nU".getBytes());
        out.writeBytes(new byte[] {2, 'u', '1', 'K', 0, 'K', 1, (byte) 0x87, 'R', (byte) 0x89, 'T', 0, 12, 0, 0});
        byte[] pixels = new byte[3072];
        Arrays.fill(pixels, (byte) 200);
        pixels[0] = (byte) firstByte;
        out.writeBytes(pixels);
        out.writeBytes(new byte[] {'t', 'b', 'u', '.'});
        return out.toByteArray();
    }

    @Test
    void readsThePythonVersionsOfCifar() throws IOException {
        file("cifar-10-batches-py/data_batch_2", pickled("labels", 3, 51));
        ImageDataset ten = Datasets.open(folder, Split.TRAIN);
        assertEquals("CIFAR-10", ten.name());
        assertEquals(3, ten.label(0));
        assertEquals(0.2f, ten.read(0).values()[0]);
        assertEquals(200 / 255f, ten.read(0).values()[3071]);
        assertEquals(4, ten.remarks().getFirst().split(",").length, "missing files");
        file("hundred/test", pickled("fine_labels", 99, 255));
        ImageDataset hundred = Datasets.open(folder.resolve("hundred"), Split.TEST);
        assertEquals("CIFAR-100", hundred.name());
        assertEquals(99, hundred.label(0));
        file("hundred/test", pickled("fine_labels", 100, 255));
        Path place = folder.resolve("hundred");
        assertTrue(assertThrows(FileFormatException.class, () -> Datasets.open(place, Split.TEST))
                .getMessage()
                .endsWith("has label 100, there are 100 classes"));
        file("hundred/test", pickled("coarse_labels", 1, 255));
        assertTrue(assertThrows(FileFormatException.class, () -> Datasets.open(place, Split.TEST))
                .getMessage()
                .contains("is not a file of CIFAR-100's Python version"));
        file("cifar-10-batches-py/data_batch_2", new byte[1]);
        assertTrue(refusal(Split.TRAIN).contains("pickle"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-idx3-ubyte", ".idx3-ubyte", "-idx3-ubyte.gz"})
    void readsIdxFilesPlainAndPacked(String end) throws IOException {
        byte[] images = idx(0x803, List.of(2, 2, 3), new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, (byte) 255});
        byte[] labels = idx(0x801, List.of(2), new byte[] {4, 9});
        boolean packed = end.endsWith(".gz");
        file("train-images" + end, packed ? gzip(images) : images);
        file("train-labels" + end.replace('3', '1'), packed ? gzip(labels) : labels);
        ImageDataset data = Datasets.open(folder, Split.TRAIN);
        assertEquals(List.of(1, 2, 3), List.of(data.channels(), data.height(), data.width()));
        assertEquals(List.of(4, 9), List.of(data.label(0), data.label(1)));
        assertArrayEquals(
                new float[] {6 / 255f, 7 / 255f, 8 / 255f, 9 / 255f, 10 / 255f, 1},
                data.read(1).values());
    }

    /** The training labels of each data set begin with these values. The name of the folder has no influence. */
    @Test
    void idxFilesAreKnownByTheirLabelsAndNotByTheirFolder() throws IOException {
        folder = Files.createDirectory(folder.resolve("fashion"));
        byte[] mnist = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7, 2, 8, 6, 9};
        file("train-images-idx3-ubyte", idx(0x803, List.of(20, 1, 1), new byte[20]));
        file("train-labels-idx1-ubyte", idx(0x801, List.of(20), mnist));
        assertEquals("MNIST", Datasets.open(folder, Split.TRAIN).name());
        assertEquals("5", Datasets.open(folder, Split.TRAIN).classNames().get(5));
        assertEquals(ClassNaming.LIST, Datasets.open(folder, Split.TRAIN).naming());
        ImageDataset subset = FashionMnist.subset(Split.TRAIN);
        byte[] fashion = new byte[20];
        for (int i = 0; i < fashion.length; i++) {
            fashion[i] = (byte) subset.label(i);
        }
        file("train-labels-idx1-ubyte", idx(0x801, List.of(20), fashion));
        assertEquals("Fashion-MNIST", Datasets.open(folder, Split.TRAIN).name());
        fashion[0] = 1;
        file("train-labels-idx1-ubyte", idx(0x801, List.of(20), fashion));
        assertEquals("fashion", Datasets.open(folder, Split.TRAIN).name(), "the name of the folder");
        assertEquals(ClassNaming.NUMBERS, Datasets.open(folder, Split.TRAIN).naming());
    }

    @Test
    void theFirstTestLabelsOfTheBuiltInSetAreThoseOfFashionMnist() throws IOException {
        ImageDataset subset = FashionMnist.subset(Split.TEST);
        byte[] labels = new byte[20];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (byte) subset.label(i);
        }
        file("t10k-images-idx3-ubyte", idx(0x803, List.of(20, 1, 1), new byte[20]));
        file("t10k-labels-idx1-ubyte", idx(0x801, List.of(20), labels));
        assertEquals("Fashion-MNIST", Datasets.open(folder, Split.TEST).name());
    }

    @Test
    void refusesDamagedIdxFiles() throws IOException {
        byte[] images = idx(0x803, List.of(2, 1, 2), new byte[4]);
        file("t10k-images-idx3-ubyte", images);
        assertTrue(refusal(Split.TEST).contains("none with the labels"));
        file("t10k-labels-idx1-ubyte", idx(0x801, List.of(3), new byte[3]));
        assertTrue(refusal(Split.TEST).contains("3 labels for 2 images"));
        file("t10k-labels-idx1-ubyte", idx(0x801, List.of(2), new byte[] {0, 10}));
        assertTrue(refusal(Split.TEST).contains("image 1 has label 10"));
        file("t10k-labels-idx1-ubyte", idx(0x803, List.of(2), new byte[2]));
        assertTrue(refusal(Split.TEST).contains("0x00000803"));
        file("t10k-images-idx3-ubyte", Arrays.copyOf(images, images.length - 1));
        assertTrue(refusal(Split.TEST).contains("is cut short"));
        file("t10k-images-idx3-ubyte", idx(0x803, List.of(1 << 20, 1 << 20, 1 << 20), new byte[0]));
        assertTrue(refusal(Split.TEST).contains("impossible extents"));
        Files.delete(folder.resolve("t10k-images-idx3-ubyte"));
        byte[] packed = gzip(images);
        file("t10k-images-idx3-ubyte.gz", Arrays.copyOf(packed, packed.length - 9));
        assertTrue(refusal(Split.TEST).contains("gzip"));
    }

    @Test
    void readsFoldersOfPicturesInTheOrderOfTheirNames() throws IOException {
        picture("train/b/2.png", 4, 3, 0x102030);
        picture("train/b/1.PNG", 5, 3, 0xFF0000);
        picture("train/a/9.png", 4, 3, 0);
        file("train/a/notes.txt", new byte[1]);
        picture("val/a/1.png", 4, 3, 0);
        ImageDataset data = Datasets.open(folder, Split.TRAIN);
        assertEquals(folder.getFileName().toString(), data.name());
        assertEquals(List.of("a", "b"), data.classNames());
        assertEquals(List.of(0, 1, 1), List.of(data.label(0), data.label(1), data.label(2)));
        assertEquals(0, data.height()); // pictures differ
        assertEquals(new Pixels(3, 3, 5, data.read(1).values()), data.read(1));
        assertEquals(1, data.read(1).values()[0]);
        assertEquals(0x30 / 255f, data.read(2).values()[2 * 12]);
        assertEquals(1, Datasets.open(folder, Split.TEST).size());
        assertTrue(Datasets.isSplit(folder));
    }

    @Test
    void classFoldersAloneAreNotSplitAndSaySo() throws IOException {
        picture("cat/1.png", 1, 1, 0);
        picture("dog/1.png", 1, 1, 0);
        assertFalse(Datasets.isSplit(folder));
        assertEquals(2, Datasets.open(folder, Split.TRAIN).size());
        ImageDataset data = Datasets.open(folder, Split.TEST);
        assertEquals(2, data.size());
        assertTrue(data.description().contains("2 unsplit images in 2 classes"), data.description());
    }

    @Test
    void datasetJsonGivesNameAndOrderOfClasses() throws IOException {
        picture("test/cat/1.png", 1, 1, 0);
        picture("test/dog/1.png", 1, 1, 0);
        file("dataset.json", "{\"name\": \"Pets\", \"classes\": [\"dog\", \"cat\", \"cow\"]}".getBytes());
        ImageDataset data = Datasets.open(folder, Split.TEST);
        assertEquals("Pets", data.name());
        assertEquals(List.of("dog", "cat", "cow"), data.classNames());
        assertEquals(1, data.label(0));
        file("dataset.json", "{\"classes\": [\"cat\"]}".getBytes());
        assertTrue(refusal(Split.TEST).contains("dog: is not one of the classes"));
        file("dataset.json", "{\"class\": []}".getBytes());
        assertTrue(refusal(Split.TEST).contains("unknown class"));
    }

    @Test
    void refusesFoldersWithoutImages() throws IOException {
        assertTrue(refusal(Split.TRAIN).contains("no folders of pictures"));
        picture("1.png", 1, 1, 0);
        assertTrue(refusal(Split.TRAIN).contains("pictures but no class folders"));
        Files.createDirectories(folder.resolve("test/cat"));
        assertTrue(refusal(Split.TEST).contains("1 class folders but no pictures"));
        assertTrue(refusal(Split.TRAIN).contains("no folder train"));
        Path missing = folder.resolve("missing");
        assertEquals(
                missing + ": no such folder",
                assertThrows(FileFormatException.class, () -> Datasets.open(missing, Split.TRAIN))
                        .getMessage());
    }

    @Test
    void decodesAWholeFolderIntoMemory() throws IOException {
        for (int i = 0; i < 5; i++) {
            picture("train/x/" + i + ".png", 2, 2, 0x010203 * i);
        }
        ImageDataset data = Datasets.open(folder, Split.TRAIN);
        ImageDataset memory = ImageLoader.inBytes(data, 3, ImageLoader.Unreadable.STOP);
        for (int i = 0; i < 5; i++) {
            assertEquals(data.read(i), memory.read(i));
        }
        assertEquals(2, memory.height());
        picture("train/x/3.png", 2, 1, 0);
        String message = assertThrows(
                        FileFormatException.class, () -> ImageLoader.inBytes(data, 3, ImageLoader.Unreadable.STOP))
                .getMessage();
        assertTrue(message.contains("3.png: is 2 x 1 pixels, the first image 2 x 2"), message);
    }

    @Test
    void readsNumpyArraysOfFloatsAndOfBytes() throws IOException {
        float[] values = {0, 0.25f, 0.5f, 1};
        NpyFile.write(folder.resolve("X_train.npy"), TensorData.ofFloats(List.of(2, 1, 1, 2), values));
        NpyFile.write(folder.resolve("y_train.npy"), TensorData.ofLongs(List.of(2), new long[] {2, 0}));
        NpyFile.write(
                folder.resolve("X_test.npy"), TensorData.ofBytes(List.of(1, 3, 1, 1), new byte[] {0, 51, (byte) 255}));
        ImageDataset train = Datasets.open(folder, Split.TRAIN);
        assertArrayEquals(new float[] {0.5f, 1}, train.read(1).values());
        assertEquals(List.of("0", "1", "2"), train.classNames());
        assertEquals(2, train.label(0));
        ImageDataset test = Datasets.open(folder, Split.TEST);
        assertArrayEquals(new float[] {0, 0.2f, 1}, test.read(0).values());
        assertEquals(-1, test.label(0));
        assertEquals(List.of(), test.classNames());
        // A single file.
        assertEquals(2, Datasets.open(folder.resolve("X_train.npy"), Split.TEST).size());
    }

    @Test
    void imagesThatThereAreNotAreToldSo() throws IOException {
        NpyFile.write(folder.resolve("X_train.npy"), TensorData.ofFloats(List.of(2, 1, 1, 1), new float[2]));
        NpyFile.write(folder.resolve("X_test.npy"), TensorData.ofBytes(List.of(2, 1, 1, 1), new byte[2]));
        Path pictures = folder.resolve("pictures");
        picture("pictures/cat/1.png", 1, 1, 0);
        picture("pictures/cat/2.png", 1, 1, 0);
        ImageDataset bytes = Datasets.open(folder, Split.TEST);
        for (ImageDataset data :
                List.of(Datasets.open(folder, Split.TRAIN), bytes, Datasets.open(pictures, Split.TRAIN))) {
            for (int index : new int[] {-1, 2}) {
                outOfBounds(data, index, () -> data.label(index));
                outOfBounds(data, index, () -> data.imageName(index));
                outOfBounds(data, index, () -> data.read(index));
            }
        }
        outOfBounds(bytes, 2, () -> bytes.copyBytes(2, new byte[1], 0));
    }

    private static void outOfBounds(ImageDataset data, int index, Executable call) {
        String message = assertThrows(IndexOutOfBoundsException.class, call).getMessage();
        assertEquals(data.name() + ": image " + index + " was asked for; there are 2, counted from 0", message);
    }

    @Test
    void refusesNumpyArraysThatAreNoImages() throws IOException {
        Path images = folder.resolve("X.npy");
        NpyFile.write(images, TensorData.ofFloats(List.of(2, 2), new float[4]));
        assertTrue(refusal(Split.TEST).contains("not (N, C, H, W)"));
        NpyFile.write(images, TensorData.ofFloats(List.of(2, 1, 1, 1), new float[] {0, Float.NaN}));
        assertTrue(refusal(Split.TEST).contains("image 1 has the value NaN"));
        NpyFile.write(images, TensorData.ofFloats(List.of(1, 1, 1, 1), new float[] {255}));
        assertTrue(refusal(Split.TEST).endsWith("from 0 to 1, so divide by 255"));
        NpyFile.write(images, TensorData.ofFloats(List.of(1, 1, 1, 1), new float[] {256}));
        assertTrue(refusal(Split.TEST).endsWith("from 0 to 1"));
        NpyFile.write(images, TensorData.ofBytes(List.of(1, 1, 1, 1), new byte[1]));
        NpyFile.write(folder.resolve("y.npy"), TensorData.ofLongs(List.of(2), new long[2]));
        assertTrue(refusal(Split.TEST).contains("2 labels for 1 images"));
        NpyFile.write(folder.resolve("y.npy"), TensorData.ofLongs(List.of(1), new long[] {-1}));
        assertTrue(refusal(Split.TEST).contains("image 0 has label -1"));
    }

    @Test
    void convertsBetweenGreyAndColours() throws IOException {
        ImageDataset colours =
                MemoryImages.of("c", List.of("x"), 3, 1, 1, new byte[] {(byte) 255, 0, 51}, new int[] {0});
        ImageDataset grey = Datasets.withChannels(colours, 1);
        assertEquals(0.299f + 0.114f * 0.2f, grey.read(0).values()[0], 1e-6f);
        assertArrayEquals(
                new float[] {0.2f, 0.2f, 0.2f},
                new Pixels(1, 1, 1, new float[] {0.2f}).withChannels(3).values());
        assertEquals(colours, Datasets.withChannels(colours, 3));
    }
}

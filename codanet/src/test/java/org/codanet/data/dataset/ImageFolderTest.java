package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.codanet.file.FileFormatException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of pictures: which pictures are used, and the remarks about the others. */
class ImageFolderTest {
    @TempDir
    Path folder;

    @Nested
    class TrainingAndTestImages {
        @ParameterizedTest
        @CsvSource({
            "train, test",
            "train, val",
            "train, valid",
            "train, validation",
            "Training, Testing",
            "TRAIN, Test",
            "training, Valid"
        })
        void lieInFoldersOfTheUsualNames(String training, String test) throws IOException {
            pictures(training + "/a/1.png", training + "/b/2.png", test + "/a/3.png");
            assertEquals(List.of("a/1.png", "b/2.png"), used(Split.TRAIN));
            assertEquals(List.of("a/3.png"), used(Split.TEST));
            assertTrue(Datasets.isSplit(folder));
        }

        @Test
        void areTakenFromTestBeforeValidation() throws IOException {
            pictures("train/a/1.png", "val/a/2.png", "test/a/3.png", "extra/a/4.png");
            assertEquals(List.of("a/3.png"), used(Split.TEST));
            assertEquals(List.of("folders that are not used: extra, val"), remarks(Split.TEST));
            assertEquals(List.of("folders that are not used: extra"), remarks(Split.TRAIN));
        }

        @Test
        void areNamedInTheRefusalIfOnePartIsMissing() throws IOException {
            pictures("Training/a/1.png", "holdout/a/2.png");
            assertEquals(
                    folder + ": has no folder test (or testing, val, valid, validation), so it has no test images;"
                            + " its folders are Training, holdout",
                    refusal(Split.TEST));
        }

        @Test
        void mustNotLieInFoldersThatWouldBecomeClasses() throws IOException {
            pictures("train_images/a/1.png", "test_images/a/2.png");
            assertEquals(
                    folder + ": has the folder test_images, which looks like a part of the data and not like a class;"
                            + " call the parts train and test",
                    refusal(Split.TRAIN));
        }

        @Test
        void areTheSameIfTheFolderHasNoParts() throws IOException {
            pictures("a/1.png", "b/2.png");
            assertEquals(used(Split.TRAIN), used(Split.TEST));
            assertEquals(List.of(), remarks(Split.TRAIN));
            assertEquals(
                    List.of(
                            "no folders train and test, so all images serve both for training and for testing; --held-out splits them"),
                    remarks(Split.TEST));
        }
    }

    @Nested
    class PicturesOfAClass {
        @Test
        void mayLieInSubfolders() throws IOException {
            pictures("train/a/2.png", "train/a/1/9.png", "train/a/1/deep/3.png", "train/b/1.png");
            assertEquals(List.of("a/2.png", "a/1/9.png", "a/1/deep/3.png", "b/1.png"), used(Split.TRAIN));
            ImageDataset data = Datasets.open(folder, Split.TRAIN);
            assertEquals(
                    List.of(0, 0, 0, 1),
                    IntStream.range(0, 4).mapToObj(data::label).toList());
            assertEquals(List.of(), data.remarks());
        }

        @Test
        void areReadOnceIfALinkLeadsBack() throws IOException {
            pictures("train/a/1.png", "train/b/1.png");
            Files.createSymbolicLink(folder.resolve("train/a/loop"), folder.resolve("train/a"));
            assertEquals(List.of("a/1.png", "b/1.png"), used(Split.TRAIN));
        }

        @Test
        void mayBeMissing() throws IOException {
            pictures("train/a/1.png", "train/b/1.png", "test/a/1.png");
            Files.createDirectories(folder.resolve("test/b"));
            assertEquals(List.of("classes without images: b"), remarks(Split.TEST));
        }
    }

    @Test
    void filesThatAreLeftOutAreCountedAndNamed() throws IOException {
        pictures("train/a/1.png", "train/loose.png", "train/a/.hidden.png", "train/.git/2.png");
        for (String file : List.of("train/a/x.txt", "train/a/deep/y.doc", "train/a/z", "train/b.csv")) {
            Files.createDirectories(folder.resolve(file).getParent());
            Files.createFile(folder.resolve(file));
        }
        assertEquals(
                List.of(
                        "1 left out, outside the class folders: loose.png",
                        "4 left out, not named as a picture: b.csv, a/x.txt, a/z, ...",
                        "2 left out, hidden: .git, a/.hidden.png"),
                remarks(Split.TRAIN));
        assertEquals(List.of("a/1.png"), used(Split.TRAIN));
    }

    private void pictures(String... names) throws IOException {
        for (String name : names) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
        }
    }

    private List<String> remarks(Split split) throws IOException {
        return Datasets.open(folder, split).remarks();
    }

    /** The names of the pictures in order, relative to the folder of their part. */
    private List<String> used(Split split) throws IOException {
        ImageDataset data = Datasets.open(folder, split);
        return IntStream.range(0, data.size())
                .mapToObj(i -> folder.relativize(Path.of(data.imageName(i))).toString())
                .map(name -> name.replaceFirst("(?i)^(train|training|test|testing|val|valid|validation)/", ""))
                .toList();
    }

    private String refusal(Split split) {
        return assertThrows(FileFormatException.class, () -> Datasets.open(folder, split))
                .getMessage();
    }
}

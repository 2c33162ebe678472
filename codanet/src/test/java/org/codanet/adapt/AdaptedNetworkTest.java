package org.codanet.adapt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.Split;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileFormatException;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiment;
import org.codanet.model.Experiments;
import org.codanet.model.LayerExtent;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.AugmentationRecipe;
import org.codanet.recipe.TrainingRecipe;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks for folders of images that they were not made for. */
class AdaptedNetworkTest {
    private static final Experiment XS = Experiments.named("XS-CoDA-SQ-30");
    private static final Experiment LARGE = Experiments.named("9L-L-CoDA-SQ-100000");

    @TempDir
    Path folder;

    /** A folder with the classes a, b and so on, and one picture of each size in each class. */
    private ImageDataset images(int classes, ImageSize... sizes) throws IOException {
        for (int k = 0; k < classes; k++) {
            Path classFolder =
                    Files.createDirectories(folder.resolve("train").resolve(String.valueOf((char) ('a' + k))));
            for (int i = 0; i < sizes.length; i++) {
                BufferedImage image =
                        new BufferedImage(sizes[i].width(), sizes[i].height(), BufferedImage.TYPE_INT_RGB);
                ImageIO.write(image, "png", classFolder.resolve(i + ".png").toFile());
            }
        }
        return Datasets.open(folder, Split.TRAIN);
    }

    private static AdaptedNetwork adapted(Experiment experiment, ImageDataset images, ImageSize size)
            throws IOException {
        return AdaptedNetwork.of(experiment, experiment.recipe(), true, images, Optional.ofNullable(size));
    }

    private static final ImageSize LANDSCAPE = new ImageSize(30, 50);
    private static final ImageSize PORTRAIT = new ImageSize(70, 40);

    @Nested
    class AnExperiment {
        @Test
        void isLeftAsItIsForTheImagesItWasMadeFor() throws IOException {
            AdaptedNetwork network = adapted(XS, images(10, new ImageSize(32, 32)), null);
            assertEquals(new AdaptedNetwork(XS.network(), XS.recipe(), XS.preprocessing(), List.of()), network);
        }

        @Test
        void takesTheNumberOfClassesOfTheData() throws IOException {
            AdaptedNetwork network = adapted(XS, images(3, new ImageSize(32, 32)), null);
            assertEquals(3, network.network().numClasses());
            assertEquals(
                    XS.network().requireCodaNet().layers().subList(0, 3),
                    network.network().requireCodaNet().layers().subList(0, 3));
            assertEquals(1, network.changes().size(), network.changes().toString());
            assertTrue(
                    network.changes().getFirst().contains("3 classes"),
                    network.changes().toString());
            assertTrue(
                    network.changes().getFirst().contains("instead of 10"),
                    network.changes().toString());
        }

        @Test
        void resizesPhotosOfSeveralSizesToItsOwnSize() throws IOException {
            AdaptedNetwork network = adapted(XS, images(10, LANDSCAPE, PORTRAIT), null);
            assertEquals(new Preprocessing(3, 32, 32, 32), network.preprocessing());
            assertEquals(
                    new AugmentationRecipe(true, 32, 32, 4, 0, 0),
                    network.recipe().augmentation());
            assertTrue(
                    network.changes().getFirst().contains("32 x 32 pixels"),
                    network.changes().toString());
        }

        @Test
        void resizesImagesOfOneOtherSize() throws IOException {
            AdaptedNetwork network = adapted(XS, images(10, LANDSCAPE), null);
            assertEquals(new Preprocessing(3, 32, 32, 32), network.preprocessing());
        }

        @Test
        void takesAnotherSizeOnRequestAndCropsWithIt() throws IOException {
            AdaptedNetwork network = adapted(XS, images(10, LANDSCAPE, PORTRAIT), new ImageSize(64, 64));
            assertEquals(new Preprocessing(3, 64, 64, 64), network.preprocessing());
            assertEquals(
                    new AugmentationRecipe(true, 64, 64, 4, 0, 0),
                    network.recipe().augmentation());
        }

        @Test
        void keepsTheMarginOfItsRandomCropAtAnotherSize() throws IOException {
            AdaptedNetwork network = adapted(LARGE, images(10, LANDSCAPE), new ImageSize(120, 120));
            // 256 for a crop of 240 is 128 for one of 120.
            assertEquals(
                    new AugmentationRecipe(true, 128, 120, 0, 2, 10),
                    network.recipe().augmentation());
        }

        @Test
        void cutsASizeThatIsNotSquareOutOfTheCentre() throws IOException {
            AdaptedNetwork network = adapted(XS, images(10, LANDSCAPE), new ImageSize(48, 96));
            assertEquals(new Preprocessing(3, 48, 96, 96), network.preprocessing());
            assertEquals(
                    new AugmentationRecipe(true, 96, 0, 0, 0, 0),
                    network.recipe().augmentation());
        }

        @Test
        void keepsItsOwnResizing() throws IOException {
            AdaptedNetwork network = adapted(LARGE, images(3, LANDSCAPE, PORTRAIT), null);
            assertEquals(LARGE.preprocessing(), network.preprocessing());
            assertEquals(LARGE.recipe(), network.recipe());
        }

        @Test
        void leavesARecipeOfTheUserAlone() throws IOException {
            TrainingRecipe own = XS.recipe().toBuilder().epochs(2).build();
            AdaptedNetwork network =
                    AdaptedNetwork.of(XS, own, false, images(3, LANDSCAPE), Optional.of(new ImageSize(64, 64)));
            assertEquals(own, network.recipe());
        }
    }

    @Nested
    class AConfig {
        private final CodaNetConfig config = CodaNetConfig.builder(6)
                .layer(8, 4, 3, 2, 1)
                .layer(3, 4, 1, 1, 0)
                .build();

        private AdaptedNetwork of(ImageSize inFile, ImageDataset images, ImageSize wanted) throws IOException {
            return AdaptedNetwork.of(
                    new NetworkConfigFile(config, Optional.ofNullable(inFile)),
                    XS.recipe(),
                    images,
                    Optional.ofNullable(wanted));
        }

        @Test
        void readsImagesOfOneSizeAsTheyAre() throws IOException {
            AdaptedNetwork network = of(null, images(3, LANDSCAPE), null);
            assertEquals(new Preprocessing(3, 30, 50, 0), network.preprocessing());
            assertEquals(List.of(), network.changes());
        }

        @Test
        void refusesSeveralSizesWithoutASizeAndNamesTheCure() throws IOException {
            ImageDataset images = images(3, LANDSCAPE, PORTRAIT);
            String message = assertThrows(FileFormatException.class, () -> of(null, images, null))
                    .getMessage();
            assertTrue(message.contains("50 x 30 and 40 x 70"), message);
            assertTrue(message.contains("--size 64"), message);
        }

        @Test
        void takesItsOwnSizeUnlessAnotherIsAskedFor() throws IOException {
            ImageDataset images = images(3, LANDSCAPE, PORTRAIT);
            assertEquals(
                    new Preprocessing(3, 40, 24, 40),
                    of(new ImageSize(40, 24), images, null).preprocessing());
            assertEquals(
                    new Preprocessing(3, 20, 20, 20),
                    of(new ImageSize(40, 24), images, new ImageSize(20, 20)).preprocessing());
        }

        @Test
        void isNotAdaptedToAnotherNumberOfClasses() throws IOException {
            ImageDataset images = images(4, LANDSCAPE);
            String message = assertThrows(FileFormatException.class, () -> of(null, images, null))
                    .getMessage();
            assertTrue(message.contains("has 4 classes, but the network of the config has 3"), message);
            assertTrue(message.contains("codanet init-config"), message);
        }

        @Test
        void survivesItsFileWithItsSize() throws IOException {
            Path file = folder.resolve("net.json");
            NetworkConfigFile whole = new NetworkConfigFile(
                    config.withLabels(List.of("ü", "b", "<c>")), Optional.of(new ImageSize(40, 24)));
            whole.write(file);
            assertEquals(whole, NetworkConfigFile.read(file));
            assertEquals(
                    whole.network(), CodaNetConfig.read(file), "a reader of the network alone passes over the size");
        }

        @Test
        void isRefusedWithAWrongSize() throws IOException {
            Path file = folder.resolve("net.json");
            Files.writeString(file, config.toJson().replaceFirst("\\{", "{\"image_size\": [3],"));
            String message = assertThrows(FileFormatException.class, () -> NetworkConfigFile.read(file))
                    .getMessage();
            assertTrue(message.contains("image_size has 1 numbers"), message);
        }
    }

    @Nested
    class AStarter {
        @ParameterizedTest
        @CsvSource({
            "8, 4, 8",
            "16, 8, 30",
            "28, 7, 23",
            "32, 8, 30",
            "64, 8, 30",
            "96, 6, 17",
            "128, 8, 30",
            "224, 7, 23"
        })
        void reducesASquareToAboutEightByEightPositions(int side, int last, double temperature) throws IOException {
            NetworkConfigFile starter = StarterNetwork.of(images(3, LANDSCAPE), Optional.of(new ImageSize(side, side)));
            LayerExtent map =
                    starter.network().requireCodaNet().extents(side, side).getLast();
            assertEquals(new LayerExtent(3, last, last), map);
            assertEquals(temperature, starter.network().temperature());
            assertEquals(Optional.of(new ImageSize(side, side)), starter.size());
        }

        @Test
        void hasTheClassesOfTheFolderAndGivesEachTheSameProbabilityWithoutEvidence() throws IOException {
            NetworkConfig network =
                    StarterNetwork.of(images(4, LANDSCAPE), Optional.empty()).network();
            assertEquals(List.of("a", "b", "c", "d"), network.labels());
            assertEquals(0.25, 1 / (1 + Math.exp(-network.logitBias())), 1e-12);
        }

        @Test
        void readsLargePhotosAtASideOf64AndSmallImagesAsTheyAre() throws IOException {
            assertEquals(
                    Optional.of(new ImageSize(64, 64)),
                    StarterNetwork.of(images(2, new ImageSize(100, 300), new ImageSize(200, 90)), Optional.empty())
                            .size());
        }

        @Test
        void readsSmallImagesOfOneSizeAsTheyAre() throws IOException {
            assertEquals(
                    Optional.of(LANDSCAPE),
                    StarterNetwork.of(images(2, LANDSCAPE), Optional.empty()).size());
        }

        @Test
        void readsSmallPhotosOfSeveralSizesAtTheirMedianSide() throws IOException {
            assertEquals(
                    Optional.of(new ImageSize(40, 40)),
                    StarterNetwork.of(images(2, LANDSCAPE, PORTRAIT), Optional.empty())
                            .size());
        }

        @Test
        void needsTwoClasses() throws IOException {
            ImageDataset images = images(1, LANDSCAPE);
            String message = assertThrows(FileFormatException.class, () -> StarterNetwork.of(images, Optional.empty()))
                    .getMessage();
            assertTrue(message.contains("at least two classes"), message);
            assertFalse(message.contains("\n"), message);
        }
    }
}

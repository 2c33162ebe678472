package org.codanet.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.decode.Images;
import org.codanet.data.image.Pixels;
import org.codanet.explain.ClassScore;
import org.codanet.explain.Explainer;
import org.codanet.explain.Target;
import org.codanet.file.FileFormatException;
import org.codanet.input.PicturePreparation;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.tensor.Scope;
import org.codanet.report.ExplainedClass;
import org.codanet.report.ExplainedImage;
import org.codanet.testing.ToyModels;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImagePipelineTest {
    /** Height and width differ, so that tests notice if they are swapped. */
    private static final Preprocessing NETWORK = new Preprocessing(3, 9, 7, 0);

    @TempDir
    Path folder;

    private Device device;

    @BeforeEach
    void openTheDevice() {
        device = Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
    }

    @AfterEach
    void closeTheDevice() {
        device.close();
    }

    @Nested
    class APictureOfAnyExtents {
        @Test
        void isExplainedAsItsPreparedPixelsAre() throws IOException {
            Path file = photo(60, 40);
            Pixels prepared = new PicturePreparation(NETWORK).prepare(Images.read(file));
            assertEquals(9, prepared.height());
            assertEquals(7, prepared.width());
            try (ImagePipeline pipeline = ImagePipeline.open(model(NETWORK), device)) {
                double expected = new Explainer(pipeline.net())
                        .explain(ImageBatch.of(prepared.values(), 1, 3, 9, 7), Target.predicted())
                        .value(0, 0);

                ExplainedImage image = pipeline.explain(file, Target.predicted());

                ExplainedClass best = image.explained().getFirst();
                assertEquals(expected, best.score().logit());
                assertEquals(image.prediction().index(), best.score().index());
                assertTrue(best.identityError() <= best.tolerance(), "error " + best.identityError());
                assertEquals(9, image.input().getHeight());
                assertEquals(7, image.input().getWidth());
                assertEquals(9, best.map().height());
            }
        }

        @Test
        void givesTheSameLogitsAsAFileAsBytesAndAsABufferedImage() throws IOException {
            Path file = photo(31, 50);
            try (ImagePipeline pipeline = ImagePipeline.open(model(NETWORK), device)) {
                List<ClassScore> expected = pipeline.classify(file);

                assertEquals(3, expected.size());
                assertEquals(expected, pipeline.classify("photo", Files.readAllBytes(file)));
                assertEquals(expected, pipeline.classify(ImageIO.read(file.toFile())));
                assertEquals(expected, pipeline.explain(file, Target.all()).ranking());
                assertEquals(
                        expected,
                        pipeline.explain("photo", Files.readAllBytes(file), Target.all())
                                .ranking());
                assertEquals(
                        expected,
                        pipeline.explain(ImageIO.read(file.toFile()), Target.all())
                                .ranking());
            }
        }

        @Test
        void isResizedToTheShorterSideOfTheModelBeforeTheCrop() {
            Pixels picture = new Pixels(1, 2, 4, new float[] {0, 0, 1, 1, 0, 0, 1, 1});

            Pixels prepared = new PicturePreparation(new Preprocessing(3, 2, 2, 4)).prepare(picture);

            // Resized to 4 x 8 pixels, then the centre of 2 x 2: the border between black and white.
            assertEquals(3, prepared.channels());
            assertEquals(0.25f, prepared.values()[0], 1e-6f);
            assertEquals(0.75f, prepared.values()[1], 1e-6f);
        }

        @Test
        void isRefusedWithItsNameIfItIsDamaged() {
            try (ImagePipeline pipeline = ImagePipeline.open(model(NETWORK), device)) {
                FileFormatException refused = assertThrows(
                        FileFormatException.class, () -> pipeline.classify("upload 7", new byte[] {1, 2, 3}));

                assertTrue(refused.getMessage().startsWith("upload 7"), refused.getMessage());
            }
        }
    }

    @Nested
    class PreparedPixels {
        @Test
        void areNotChanged() {
            float[] values = new float[2 * 3 * 9 * 7];
            for (int i = 0; i < values.length; i++) {
                values[i] = i % 101 / 100f;
            }
            ImageBatch images = ImageBatch.of(values, 2, 3, 9, 7);
            try (ImagePipeline pipeline = ImagePipeline.open(model(NETWORK), device)) {
                List<ExplainedImage> explained = pipeline.explainPixels(images, Target.all());

                assertEquals(2, explained.size());
                for (int n = 0; n < 2; n++) {
                    assertEquals(
                            pipeline.classifyPixels(images).get(n),
                            explained.get(n).ranking());
                    double direct = new Explainer(pipeline.net())
                            .explain(images, Target.all())
                            .value(n, 1);
                    assertEquals(
                            direct, explained.get(n).explained().get(1).score().logit());
                }
            }
        }

        @Test
        void ofOtherExtentsAreRefusedWithBothShapes() {
            ImageBatch turned = ImageBatch.of(new float[3 * 7 * 9], 1, 3, 7, 9);
            try (ImagePipeline pipeline = ImagePipeline.open(model(NETWORK), device)) {
                for (IllegalArgumentException refused : List.of(
                        assertThrows(
                                IllegalArgumentException.class, () -> pipeline.explainPixels(turned, Target.all())),
                        assertThrows(IllegalArgumentException.class, () -> pipeline.classifyPixels(turned)))) {
                    assertTrue(
                            refused.getMessage().contains("(1, 3, 7, 9)")
                                    && refused.getMessage().contains("(1, 3, 9, 7)"),
                            refused.getMessage());
                }
            }
        }

        @Test
        void ofOtherExtentsAreRefusedByTheExplainerOfALoadedModelToo() {
            try (Scope scope = Scope.open("test");
                    CodaNet net = CodaNet.load(model(NETWORK), device, scope)) {
                IllegalArgumentException refused = assertThrows(
                        IllegalArgumentException.class,
                        () -> new Explainer(net)
                                .explain(ImageBatch.of(new float[3 * 40 * 60], 1, 3, 40, 60), Target.predicted()));

                assertTrue(refused.getMessage().contains("(N, 3, 9, 7)"), refused.getMessage());
            }
        }
    }

    @Nested
    class AModelThatRecordsNoExtents {
        private final ModelFile model = withoutPreprocessing();

        @Test
        void isRefusedUnlessAPreprocessingIsGiven() throws IOException {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> ImagePipeline.open(model, device));
            assertTrue(refused.getMessage().contains("does not record the size"), refused.getMessage());

            try (ImagePipeline given = ImagePipeline.open(model, NETWORK, device);
                    ImagePipeline recorded = ImagePipeline.open(model(NETWORK), device)) {
                Path file = photo(20, 30);
                assertEquals(recorded.classify(file), given.classify(file));
            }
        }

        @Test
        void isRefusedWithAnotherNumberOfChannels() {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ImagePipeline.open(model, new Preprocessing(1, 9, 7, 0), device));
        }

        private ModelFile withoutPreprocessing() {
            ModelFile full = model(NETWORK);
            return new ModelFile(full.config(), full.weights(), Optional.empty(), Optional.empty(), Map.of());
        }
    }

    @Test
    void aPreprocessingThatContradictsTheModelIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> ImagePipeline.open(model(NETWORK), new Preprocessing(3, 7, 9, 0), device));
    }

    private Path photo(int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.ORANGE);
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(Color.BLUE);
        graphics.fillOval(width / 4, height / 5, width / 2, height / 2);
        graphics.dispose();
        Path file = folder.resolve("photo-" + width + "x" + height + ".png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private static ModelFile model(Preprocessing preprocessing) {
        CodaNetConfig config = CodaNetConfig.builder(6)
                .layer(5, 4, 3, 1, 1)
                .layer(3, 3, 3, 2, 1)
                .labels(List.of("cat", "dog", "owl"))
                .build();
        return ToyModels.untrained(config, Optional.of(preprocessing));
    }
}

package org.codanet.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Target;
import org.codanet.explain.Unit;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.pipeline.ImagePipeline;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.testing.TestDevices;
import org.codanet.testing.ToyModels;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a caller can ask a service for, and how it is refused. */
final class ExplanationServiceTest {
    private static Outcome outcome(CompletableFuture<ExplanationResult> call) throws InterruptedException {
        ExecutionException failure = assertThrows(ExecutionException.class, call::get);
        return ((ServiceException) failure.getCause()).outcome();
    }

    private static BufferedImage photo() {
        BufferedImage photo = new BufferedImage(20, 31, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 20 * 31; i++) {
            photo.setRGB(i % 20, i / 20, i * 7919);
        }
        return photo;
    }

    @Test
    void picturesOfAnySizeAreExplainedAsByThePipeline() throws Exception {
        BufferedImage photo = photo();
        byte[] png = Picture.png(photo);
        SignedMap expected;
        try (Device device = TestDevices.open("cpu");
                ImagePipeline pipeline = ImagePipeline.open(ServiceFixture.MODEL, device)) {
            expected = pipeline.explain(photo, Target.predicted())
                    .explained()
                    .getFirst()
                    .map();
        }
        try (ExplanationService service = ServiceFixture.build(ServiceFixture.builder())) {
            for (ServiceImage image : List.of(
                    ServiceImage.of(photo), ServiceImage.encoded(png), ServiceImage.encoded(ByteBuffer.wrap(png)))) {
                assertEquals(expected.sum(), service.explain(image).map(0).sum());
            }
        }
    }

    @Test
    void arraysBuffersAndSegmentsGiveTheSameResult() throws Exception {
        int size = Toys.SIZE;
        byte[] bytes = new byte[3 * size * size];
        float[] floats = new float[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31);
            floats[i] = Byte.toUnsignedInt(bytes[i]) / 255f;
        }
        try (ExplanationService service = ServiceFixture.build(ServiceFixture.builder());
                Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, floats);
            float[] expected = service.explain(ServiceImage.of(ImageBatch.of(floats, 1, 3, size, size)))
                    .logits();
            assertArrayEquals(
                    expected,
                    service.explain(ServiceImage.of(ImageBatch.of(segment, 1, 3, size, size)))
                            .logits());
            ImageBatch ofBytes = ImageBatch.ofBytes(ByteBuffer.wrap(bytes), ImageBatch.Layout.NCHW, 1, 3, size, size);
            assertArrayEquals(
                    expected, service.explain(ServiceImage.of(ofBytes)).logits());
        }
    }

    @Test
    void mapsOfBlocksAddUpToTheSameSum() throws Exception {
        ModelFile model = ToyModels.untrained(Toys.network(), Optional.of(new Preprocessing(3, 8, 8, 0)));
        try (ExplanationService service =
                ExplanationService.builder().model("eight", model).device("cpu").build()) {
            ServiceImage image = ServiceImage.of(photo());
            ExplanationResult whole =
                    service.explain(image, ExplainOptions.of(Target.classes(1)).withChannels(true));
            ExplanationResult blocks =
                    service.explain(image, ExplainOptions.of(Target.classes(1)).withMapSize(2, 4));
            assertEquals(2, blocks.map(0).height());
            assertEquals(4, blocks.map(0).width());
            double corner = 0;
            for (int y = 0; y < 4; y++) {
                for (int x = 0; x < 2; x++) {
                    corner += whole.map(0).at(y, x);
                }
            }
            assertEquals((float) corner, blocks.map(0).at(0, 0));
            double channels = 0;
            for (int c = 0; c < whole.channels(); c++) {
                channels += whole.map(0, c).sum();
            }
            assertEquals(whole.map(0).sum(), channels, 1e-5);
        }
    }

    @Test
    void whatDoesNotFitIsRefused() throws Exception {
        try (ExplanationService service =
                ServiceFixture.build(ServiceFixture.builder().maxPixels(100))) {
            ServiceImage image = ServiceFixture.image(1);
            assertEquals(Outcome.INVALID, outcome(service.submit(image, ExplainOptions.of(Target.classes(3)))));
            Target unit = Target.activation(new Unit(0, 0, 0, 0));
            assertEquals(Outcome.INVALID, outcome(service.submit(image, ExplainOptions.of(unit))));
            assertEquals(
                    Outcome.INVALID,
                    outcome(service.submit(image, ExplainOptions.defaults().withMapSize(2, 2))));
            assertEquals(
                    Outcome.UNKNOWN_MODEL,
                    outcome(service.submit(image, ExplainOptions.defaults().withModel("cat"))));
            byte[] text = "not a picture".getBytes(StandardCharsets.US_ASCII);
            assertEquals(
                    Outcome.INVALID, outcome(service.submit(ServiceImage.encoded(text), ExplainOptions.defaults())));
            ServiceException tooLarge = assertThrows(
                    ServiceException.class, () -> service.explain(ServiceImage.encoded(Picture.png(photo()))));
            assertEquals(
                    "image: has 20 x 31 pixels, more than the 100 that this service decodes", tooLarge.getMessage());
            assertEquals(5, service.metrics("toy").calls(Outcome.INVALID));
            assertEquals(5, service.metrics("toy").calls(), "the name of an unknown model is not kept");
        }
    }

    @Test
    void aFullQueueRefusesOrLetsTheCallerWait() throws Exception {
        FaultyDevice device = new FaultyDevice(ServiceFixture.IMAGE);
        try (ExplanationService service =
                ServiceFixture.build(ServiceFixture.builder().opener(device).maxQueue(2))) {
            device.gate = new CountDownLatch(1);
            List<CompletableFuture<ExplanationResult>> calls = new ArrayList<>();
            calls.add(service.submit(ServiceFixture.image(0), ExplainOptions.defaults()));
            while (service.health().models().getFirst().computing() == 0) {
                Thread.onSpinWait();
            }
            calls.add(service.submit(ServiceFixture.image(1), ExplainOptions.defaults()));
            calls.add(service.submit(ServiceFixture.image(2), ExplainOptions.defaults()));
            assertEquals(
                    Outcome.QUEUE_FULL, outcome(service.submit(ServiceFixture.image(3), ExplainOptions.defaults())));
            ExplainOptions waiting = ExplainOptions.defaults().withWhenFull(ExplainOptions.WhenFull.WAIT);
            assertEquals(
                    Outcome.DEADLINE,
                    outcome(service.submit(ServiceFixture.image(3), waiting.withDeadline(Duration.ofMillis(20)))));
            CompletableFuture<ExplanationResult> late =
                    CompletableFuture.supplyAsync(() -> service.explain(ServiceFixture.image(4), waiting));
            // A cancelled call makes space at once.
            calls.removeLast().cancel(true);
            while (service.health().models().getFirst().waiting() < 2) {
                Thread.onSpinWait();
            }
            device.gate.countDown();
            late.get();
            for (CompletableFuture<ExplanationResult> call : calls) {
                call.get();
            }
            assertEquals(1, service.metrics("toy").calls(Outcome.CANCELLED));
        }
    }

    @Test
    void aCallWhoseDeadlinePassesIsRefusedInTimeAndNeverComputed() throws Exception {
        FaultyDevice device = new FaultyDevice(ServiceFixture.IMAGE);
        try (ExplanationService service =
                ServiceFixture.build(ServiceFixture.builder().opener(device))) {
            device.gate = new CountDownLatch(1);
            CompletableFuture<ExplanationResult> computing = service.submit(
                    ServiceFixture.image(0), ExplainOptions.defaults().withDeadline(Duration.ofMillis(300)));
            while (service.health().models().getFirst().computing() == 0) {
                Thread.onSpinWait();
            }
            CompletableFuture<ExplanationResult> waiting = service.submit(
                    ServiceFixture.image(1), ExplainOptions.defaults().withDeadline(Duration.ofMillis(30)));
            assertEquals(Outcome.DEADLINE, outcome(waiting));
            assertEquals(0, service.health().models().getFirst().waiting());
            // Also a call that is being computed is refused when its time is up, although the device hangs.
            assertEquals(Outcome.DEADLINE, outcome(computing));
            device.gate.countDown();
            service.explain(ServiceFixture.image(2));
            assertEquals(2, service.metrics("toy").calls(Outcome.DEADLINE));
            assertEquals(2, service.metrics("toy").batchSizes().sum(), "the waiting call was not computed");
        }
    }

    @Test
    void aDelayIsOnlySpentWhileTheDeviceIsBusy() throws Exception {
        try (ExplanationService service =
                ServiceFixture.build(ServiceFixture.builder().maxDelay(Duration.ofMillis(400)))) {
            service.explain(ServiceFixture.image(0));
            ExplanationResult next = service.explain(ServiceFixture.image(1));
            assertTrue(next.timings().queue().toMillis() >= 300, () -> "waited " + next.timings());
            TimeUnit.MILLISECONDS.sleep(450);
            ExplanationResult afterIdleTime = service.explain(ServiceFixture.image(2));
            assertTrue(afterIdleTime.timings().queue().toMillis() < 300, () -> "waited " + afterIdleTime.timings());
        }
    }

    @Test
    void aModelIsReplacedWithoutLosingACall(@TempDir Path folder) throws Exception {
        Path other = folder.resolve("other.safetensors");
        ToyModels.untrained(
                        Toys.network().withLabels(List.of("cyan", "magenta", "yellow")),
                        Optional.of(new Preprocessing(3, 8, 8, 0)))
                .write(other);
        try (ExplanationService service = ServiceFixture.build(ServiceFixture.builder())) {
            service.warmUp();
            List<CompletableFuture<ExplanationResult>> calls = new CopyOnWriteArrayList<>();
            Thread asking = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 300; i++) {
                    calls.add(service.submit(
                            ServiceFixture.image(i),
                            ExplainOptions.defaults().withWhenFull(ExplainOptions.WhenFull.WAIT)));
                }
            });
            for (int i = 0; i < 3; i++) {
                service.replace("toy", other);
            }
            asking.join();
            int versions = 0;
            for (CompletableFuture<ExplanationResult> call : calls) {
                ExplanationResult result = call.get();
                versions |= 1 << result.model().version();
                boolean first = result.model().version() == 1;
                assertEquals(first ? Toys.SIZE : 8, result.map(0).height());
            }
            assertTrue(Integer.bitCount(versions) > 1, "all calls were answered by one version");
            assertEquals(4, service.models().getFirst().version());
            assertThrows(IllegalArgumentException.class, () -> service.replace("cat", other));
        }
    }

    @Test
    void severalModelsHaveBoundsOfTheirOwn(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("toy.safetensors");
        ServiceFixture.MODEL.write(file);
        FaultyDevice device = new FaultyDevice(ServiceFixture.IMAGE);
        try (ExplanationService service =
                ServiceFixture.build(ServiceFixture.builder().opener(device).model("small", file, 1))) {
            device.gate = new CountDownLatch(1);
            CompletableFuture<ExplanationResult> first =
                    service.submit(ServiceFixture.image(0), ExplainOptions.defaults());
            while (service.health().models().getFirst().computing() == 0) {
                Thread.onSpinWait();
            }
            ExplainOptions small = ExplainOptions.defaults().withModel("small");
            CompletableFuture<ExplanationResult> second = service.submit(ServiceFixture.image(0), small);
            assertEquals(Outcome.QUEUE_FULL, outcome(service.submit(ServiceFixture.image(0), small)));
            CompletableFuture<ExplanationResult> third =
                    service.submit(ServiceFixture.image(0), ExplainOptions.defaults());
            device.gate.countDown();
            assertArrayEquals(first.get().logits(), second.get().logits());
            assertEquals("small", second.get().model().name());
            assertArrayEquals(first.get().logits(), third.get().logits());
        }
    }

    @Test
    void aServiceIsReadyAfterItsWarmUpOnly() throws Exception {
        ExplanationService service = ServiceFixture.build(ServiceFixture.builder());
        try (service) {
            assertFalse(service.health().isReady());
            service.warmUp(List.of(Target.predicted(), Target.all()));
            assertTrue(service.health().isReady());
            assertEquals("cpu", service.health().devices().getFirst().name());
            assertEquals(0, service.metrics("toy").calls());
        }
        assertEquals(ServiceHealth.State.CLOSED, service.health().state());
        assertEquals(Outcome.CLOSED, outcome(service.submit(ServiceFixture.image(1), ExplainOptions.defaults())));
    }

    @Test
    void callsBatchesAndModelsAreEventsOfTheFlightRecorder(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("service.jfr");
        try (Recording recording = new Recording()) {
            recording.start();
            try (ExplanationService service = ServiceFixture.build(ServiceFixture.builder())) {
                service.explain(ServiceFixture.image(1));
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("org.codanet."))
                .toList();
        RecordedEvent call = events.stream()
                .filter(event -> event.getEventType().getName().equals("org.codanet.ExplanationCall"))
                .findFirst()
                .orElseThrow();
        assertEquals("SUCCESS", call.getString("outcome"));
        assertTrue(call.getDuration("compute").isPositive());
        assertTrue(call.getDuration("total").compareTo(call.getDuration("compute")) >= 0);
        assertEquals(3, events.size(), () -> "a model, a batch and a call in " + events);
    }
}
